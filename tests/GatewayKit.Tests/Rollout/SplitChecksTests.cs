using GatewayKit.Tests.Configuration;

namespace GatewayKit.Tests.Rollout;

/// <summary>Splits that cannot work.</summary>
public sealed class SplitChecksTests : IDisposable
{
    private const string Ramp = """ "Start": "2026-03-01T09:00:00Z", "Duration": "01:00:00" """;

    private readonly ConfigurationFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": { "Percent": 5 } } """)]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": { "Percent": 50 }, "v3": { "Percent": 50 } }, "Key": "Header:X-Tenant", "Salt": "shop" """)]
    [InlineData($$""" "Stable": "v1", "Canaries": { "v2": { "Ramp": { {{Ramp}}, "Steps": 20 } } }, "Guard": { "Action": "Stop" } """)]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": {} }, "Force": { "Header": "X-Canary", "Networks": [ "10.0.0.0/8" ] }, "ResponseHeader": "X-Served-By" """)]
    public void Split_that_makes_sense_is_none_of_them(string split) => Assert.Empty(Errors(split));

    [Theory]
    [InlineData(""" "Stable": "v1", "Canaries": {} """, ":Canaries", "The split has 0 canaries; it must have from 1 to 16. Without one, write \"Cluster\": \"v1\" in place of the split.")]
    [InlineData(""" "Stable": "v0", "Canaries": { "v2": {} } """, ":Stable", "There is no cluster 'v0'. Did you mean 'v1'?")]
    [InlineData(""" "Stable": "v1", "Canaries": { "vv2": {} } """, ":Canaries:vv2", "There is no cluster 'vv2'. Did you mean 'v2'?")]
    [InlineData(""" "Stable": "v1", "Canaries": { "V1": {} } """, ":Canaries:V1", "'V1' is the stable cluster, which takes what is left. Remove it here.")]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": { "Percent": 60 }, "v3": { "Percent": 50.5 } } """, ":Canaries", "The canaries take up to 110.5 percent together; they may take 100. Lower Percent, or what a Ramp leads to.")]
    [InlineData($$""" "Stable": "v1", "Canaries": { "v2": { "Percent": 60 }, "v3": { "Ramp": { {{Ramp}} } } } """, ":Canaries", "The canaries take up to 160 percent together; they may take 100. Lower Percent, or what a Ramp leads to.")]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": { "Percent": 101 } } """, ":Canaries:v2:Percent", "Percent is 101; it must be from 0 to 100.")]
    [InlineData($$""" "Stable": "v1", "Canaries": { "v2": { "Percent": 1, "Ramp": { {{Ramp}} } } } """, ":Canaries:v2:Percent", "The share has a Ramp, which says how large it is. Remove Percent.")]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": { "Ramp": { "Start": "2026-03-01T09:00:00Z", "Duration": "00:00:00" } } } """, ":Canaries:v2:Ramp:Duration", "Duration is 00:00:00; it must be from 00:00:01 to 365.00:00:00.")]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": { "Ramp": { "Start": "at nine", "Duration": "01:00:00" } } } """, ":Canaries:v2:Ramp:Start", "'at nine' is not a date and time such as \"2030-01-31T12:00:00Z\".")]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": {} }, "Force": { "Header": "X-Canary", "Networks": [] } """, ":Force:Networks", "Nobody may choose the side. Name the networks of those who may, such as \"10.0.0.0/8\", or remove Force.")]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": {} }, "Force": { "Networks": [ "10.0.0.0/8" ] } """, ":Force", "Nothing says how a side is chosen. Name a Header or a Cookie, or remove Force.")]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": {} }, "Force": { "Header": "Host", "Networks": [ "10.0.0.0/8" ] } """, ":Force:Header", "Host cannot be used: the host has a setting of its own. Name a field of your own, such as X-Canary.")]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": {} }, "Force": { "Cookie": ".GatewayKit.Rollout", "Networks": [ "10.0.0.0/8" ] } """, ":Force:Cookie", "'.GatewayKit.Rollout' is the cookie that keeps callers on their side. Name another one.")]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": {} }, "Cookie": { "Name": "a b" } """, ":Cookie:Name", "'a b' is not the name of a cookie (RFC 6265 §4.1.1): letters, digits, '.', '-' and '_' are.")]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": {} }, "Cookie": { "Lifetime": "500.00:00:00" } """, ":Cookie:Lifetime", "Lifetime is 500.00:00:00; it must be from 00:01:00 to 400.00:00:00.")]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": {} }, "Guard": { "Window": "00:00:05" } """, ":Guard:Window", "Window is 00:00:05; it must be from 00:00:10 to 01:00:00.")]
    [InlineData(""" "Stable": "v1", "Canaries": { "v2": {} }, "ResponseHeader": "X Side" """, ":ResponseHeader", "'X Side' is not a header name, such as \"X-Canary\".")]
    public void Split_that_cannot_work_is_an_error(string split, string path, string message)
    {
        var error = Assert.Single(Errors(split));
        Assert.Equal($"Gateway:Routes:r:Split{path}", error.Path);
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public void Route_with_a_split_and_a_cluster_goes_several_ways()
    {
        var error = Assert.Single(_fixture.Errors("""{ "Clusters": { "v1": {}, "v2": {} }, "Routes": { "r": { "Match": {}, "Cluster": "v1", "Split": { "Stable": "v1", "Canaries": { "v2": {} } } } } }"""));
        Assert.Equal("The route goes several ways: Cluster and Split. Keep one of them.", error.Message);
    }

    private IReadOnlyList<GatewayKit.Configuration.ConfigurationError> Errors(string split) =>
        _fixture.Errors($$"""{ "Clusters": { "v1": {}, "v2": {}, "v3": {} }, "Routes": { "r": { "Match": {}, "Split": { {{split}} } } } }""");
}
