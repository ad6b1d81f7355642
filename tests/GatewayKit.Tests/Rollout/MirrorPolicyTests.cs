using GatewayKit.Rollout;
using GatewayKit.Tests.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;

namespace GatewayKit.Tests.Rollout;

/// <summary>Mirrors that cannot work.</summary>
public sealed class MirrorPolicyTests : IDisposable
{
    private readonly ConfigurationFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(""" "Cluster": "b", "Percent": 1 """, null, "")]
    [InlineData(""" "Cluster": "b", "Methods": [ "POST" ], "MaxBodyBytes": 65536, "HostSuffix": "-shadow", "Compare": { "IgnorePaths": [ "/a" ] } """, null, "")]
    [InlineData(""" "Cluster": "b", "Percent": 100.5 """, ":Percent", "Percent is 100.5; it must be from 0 to 100.")]
    [InlineData(""" "Cluster": "b", "MaxBodyBytes": 65537 """, ":MaxBodyBytes", "MaxBodyBytes is 65537; it must be from 0 to 65536.")]
    [InlineData(""" "Cluster": "b", "Methods": [] """, ":Methods", "No method is copied. Name some, such as \"GET\", or leave it out.")]
    [InlineData(""" "Cluster": "b", "Methods": [ "get" ] """, ":Methods", "'get' is not a method in capitals, such as \"GET\".")]
    [InlineData(""" "Cluster": "b", "Timeout": "00:02:00" """, ":Timeout", "Timeout is 00:02:00; it must be from 00:00:00.001 to 00:01:00.")]
    [InlineData(""" "Cluster": "b", "Host": "a b" """, ":Host", "'a b' is not a host, with or without a port.")]
    [InlineData(""" "Cluster": "b", "HostSuffix": "/x" """, ":HostSuffix", "'/x' cannot stand behind a host name. Write letters, digits, '-' and '.', as in \"-shadow\".")]
    [InlineData(""" "Cluster": "b", "Compare": { "IgnorePaths": [ "$.a" ] } """, ":Compare:IgnorePaths", "'$.a' is not a JSON pointer such as \"/items/*/updatedAt\".")]
    [InlineData(""" "Cluster": "b", "Compare": { "Headers": [ "a b" ] } """, ":Compare:Headers", "'a b' is not a header name.")]
    [InlineData(""" "Cluster": "c" """, ":Cluster", "There is no cluster 'c'. Add it under Clusters, or correct the name.")]
    public void Mirror_that_cannot_work_is_an_error(string mirror, string? path, string message)
    {
        var errors = _fixture.Errors($$"""{ "Clusters": { "a": {}, "b": {} }, "Routes": { "r": { "Match": {}, "Cluster": "a", "Mirror": { {{mirror}} } } } }""");
        if (path is null)
        {
            Assert.Empty(errors);
            return;
        }

        var error = Assert.Single(errors);
        Assert.Equal($"Gateway:Routes:r:Mirror{path}", error.Path);
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public void Call_that_makes_no_sense_fails_where_it_stands() =>
        Assert.Throws<OptionsValidationException>(static () => WebApplication.CreateSlimBuilder().Build().MapGet("/x", static () => "x").WithMirror("b", percent: 101));
}
