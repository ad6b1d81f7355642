using GatewayKit.Identity.ExternalAuthorization;
using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Identity.ExternalAuthorization;

public sealed class ExternalAuthorizationPolicyTests
{
    private static readonly ExternalAuthorizationPolicy Good = new() { Url = new("https://auth.example.com/check?tenant=a") };

    public static TheoryData<string> HopByHop =>
    [
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Expect", "HTTP2-Settings", "transfer_encoding", "a b", "",
    ];

    [Fact]
    public void Defaults_are_valid() => Assert.True(new ExternalAuthorizationPolicyValidator().Validate(null, Good).Succeeded);

    [Theory]
    [MemberData(nameof(HopByHop))]
    public void Field_of_a_hop_or_of_framing_is_in_no_list(string name)
    {
        Refuses(Good with { RequestHeaders = [name] }, $"RequestHeaders has '{name}'");
        Refuses(Good with { DestinationHeaders = [name] }, $"DestinationHeaders has '{name}'");
        Refuses(Good with { ClientHeaders = [name] }, $"ClientHeaders has '{name}'");
        Refuses(Good with { ConsumerHeader = name }, $"ConsumerHeader has '{name}'");
    }

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Forwarded-User")]
    [InlineData("x_forwarded_uri")]
    [InlineData("Forwarded")]
    [InlineData("X-Original-URL")]
    [InlineData("X-HTTP-Method-Override")]
    [InlineData("X-GW-Consumer")]
    [InlineData("X-GW-External-Authorization")]
    [InlineData("Host")]
    [InlineData("Via")]
    [InlineData("Content-Type")]
    public void Service_is_not_shown_what_clients_could_say_in_a_proxys_place(string name) => Refuses(Good with { RequestHeaders = [name] }, $"RequestHeaders has '{name}'");

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-GW-Consumer")]
    [InlineData("Forwarded")]
    [InlineData("Host")]
    [InlineData("Cookie")]
    [InlineData("Content-Type")]
    [InlineData("traceparent")]
    public void Service_does_not_write_what_the_gateway_writes_for_destinations(string name) => Refuses(Good with { DestinationHeaders = [name] }, $"DestinationHeaders has '{name}'");

    [Theory]
    [InlineData("Location")]
    [InlineData("WWW-Authenticate")]
    [InlineData("Cache-Control")]
    [InlineData("Access-Control-Allow-Origin")]
    [InlineData("Content-Type")]
    [InlineData("ETag")]
    [InlineData("Server")]
    public void Service_does_not_write_what_others_answer_for(string name) => Refuses(Good with { ClientHeaders = [name] }, $"ClientHeaders has '{name}'");

    [Fact]
    public void Two_spellings_of_one_field_are_refused() => Refuses(Good with { DestinationHeaders = ["X-User", "x_user"] }, "X-User and x_user");

    [Theory]
    [InlineData("http://auth.example.com/")]
    [InlineData("https://user:hunter2@auth.example.com/")]
    [InlineData("https://auth.example.com/#a")]
    [InlineData("ftp://auth.example.com/")]
    [InlineData("/check")]
    public void Address_that_is_none_of_a_service_is_refused_without_saying_it(string url)
    {
        var message = Refuses(Good with { Url = new(url, UriKind.RelativeOrAbsolute) }, "Url ");
        Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9/check", false)]
    [InlineData("http://localhost/check", false)]
    [InlineData("http://auth.internal/check", true)]
    public void Clear_text_is_for_this_machine_or_said_to_be_accepted(string url, bool allowHttp) =>
        Assert.True(new ExternalAuthorizationPolicyValidator().Validate(null, Good with { Url = new(url), AllowHttp = allowHttp }).Succeeded);

    [Fact]
    public void Settings_have_ends_and_all_errors_are_told_at_once()
    {
        var message = Refuses(
            Good with
            {
                Url = new("http://auth.example.com/"), Method = "CONNECT", MaxBodyBytes = -1, RequestHeaders = ["Host"], DestinationHeaders = ["TE"], ClientHeaders = ["Via"], RequireRegistered = true,
                Timeout = TimeSpan.FromMilliseconds(9), CacheFor = TimeSpan.FromSeconds(61), EnforcePercent = 0,
            },
            "Url is http");
        foreach (var part in (string[])["Method is 'CONNECT'", "MaxBodyBytes", "RequestHeaders has", "DestinationHeaders has", "ClientHeaders has", "RequireRegistered asks", "Timeout is", "CacheFor is", "EnforcePercent"])
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }

        Refuses(Good with { Timeout = TimeSpan.FromSeconds(11) }, "Timeout is");
        Refuses(Good with { CacheFor = TimeSpan.FromSeconds(-1) }, "CacheFor is");
        Refuses(Good with { MaxBodyBytes = 16_777_217 }, "MaxBodyBytes");
        Refuses(Good with { MaxBodyBytes = 1 }, "GET has no body");
        Refuses(Good with { Method = "a b" }, "Method is 'a b'");
    }

    [Fact]
    public void It_identifies_if_it_is_told_who_calls_and_authorizes_otherwise()
    {
        Assert.Equal((GatewayStage.Authorize, false), (((IGatewayPolicy)Good).Stage, ((IIdentityPolicy)Good).FindsCaller));
        var finding = Good with { ConsumerHeader = "X-Auth-User" };
        Assert.Equal((GatewayStage.Identify, true), (((IGatewayPolicy)finding).Stage, ((IIdentityPolicy)finding).FindsCaller));
    }

    private static string Refuses(ExternalAuthorizationPolicy policy, string message)
    {
        var failure = new ExternalAuthorizationPolicyValidator().Validate(null, policy).FailureMessage ?? string.Empty;
        Assert.Contains(message, failure, StringComparison.Ordinal);
        return failure;
    }
}
