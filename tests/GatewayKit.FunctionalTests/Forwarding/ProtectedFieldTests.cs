using System.Net;
using GatewayKit.Pipeline;
using GatewayKit.Transforms;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>What a client cannot say, whatever it is called and whatever filters a route has.</summary>
public sealed class ProtectedFieldTests
{
    private static readonly string[] Canaries =
    [
        "X-Forwarded-For", "x-forwarded-proto", "X-FORWARDED-HOST", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded-Server",
        "X-Forwarded-User", "X-Forwarded-Client-Cert", "X-Forwarded-Whatever", "X-Forwarded", "Forwarded", "Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP",
        "X-Cluster-Client-IP", "X-Original-URL", "X-Rewrite-URL", "X-Original-For", "X-Original-Host", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
        "Client-Cert", "Client-Cert-Chain", "X-Client-Cert", "X-Client-Cert-Chain", "X-ARR-ClientCert", "X-SSL-Client-Cert", "X-SSL-Client-Verify", "X-SSL-Client-S-DN", "X-SSL-Client-Anything",
        "SSL-Client-Cert", "X-User", "X-Remote-User", "Remote-User", "X-Authenticated-User", "X-GW-Consumer", "x-gw-anything", "X-Content-Length", "Proxy-Authorization",
    ];

    public static TheoryData<string, IGatewayPolicy[]> Filters => new()
    {
        { "nothing", [] },
        { "a header", [TransformPolicy.Of(static steps => steps.RequestHeader("X-Own", set: "own"))] },
        { "X-Forwarded", [TransformPolicy.Of(static steps => steps.XForwarded(ForwardedAction.Set))] },
        { "X-Forwarded off", [TransformPolicy.Of(static steps => steps.XForwarded(ForwardedAction.Off))] },
        { "X-Forwarded for proxies elsewhere", [TransformPolicy.Of(static steps => steps.XForwarded(ForwardedAction.Append, IPNetwork.Parse("203.0.113.0/24")))] },
        { "Forwarded", [TransformPolicy.Of(static steps => steps.Forwarded(ForwardedParameters.For | ForwardedParameters.Host))] },
        { "an allow list", [TransformPolicy.Of(static steps => steps.RequestHeadersAllowed([.. Canaries, "Connection", "TE", "Keep-Alive", "Upgrade", "Trailer"]))] },
        { "a certificate", [TransformPolicy.Of(static steps => steps.ClientCert("Client-Cert", ClientCertFormat.Rfc9440))] },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Protected_field_of_a_client_never_arrives(string filters, IGatewayPolicy[] policies)
    {
        var fields = string.Concat(Canaries.Select(static name => $"{name}: canary\r\n"));
        var (head, answer) = await RawForwarding.SendAsync(fields + "TE: trailers\r\nKeep-Alive: canary\r\nTrailer: canary\r\nUpgrade: canary\r\n", policies: policies);
        Assert.True(answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal), filters + answer);
        Assert.DoesNotContain("canary", head);
        Assert.DoesNotMatch("(?mi)^(te|keep-alive|trailer|upgrade|connection):", head!);
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task One_family_of_forwarding_fields_is_sent_at_most(string filters, IGatewayPolicy[] policies)
    {
        var (head, _) = await RawForwarding.SendAsync("Forwarded: for=6.6.6.6\r\nX-Forwarded-For: 6.6.6.6\r\n", policies: policies);
        Assert.False(head!.Contains("\r\nForwarded:", StringComparison.Ordinal) && head.Contains("\r\nX-Forwarded-", StringComparison.Ordinal), filters + head);
        Assert.DoesNotContain("6.6.6.6", head);
    }

    [Theory]
    [InlineData("X_Forwarded_For")]
    [InlineData("X-Forwarded_For")]
    [InlineData("x.forwarded.for")]
    [InlineData("X_Forwarded_Anything")]
    [InlineData("Content_Length")]
    [InlineData("Transfer_Encoding")]
    [InlineData("Content.Type")]
    [InlineData("X_User")]
    [InlineData("X_GW_Consumer")]
    [InlineData("X_SSL_Client_Cert")]
    [InlineData("X_Api_Key")]
    [InlineData("Proxy_Authorization")]
    [InlineData("Max_Forwards")]
    public async Task Alias_is_refused_or_dropped_as_the_gateway_says(string name)
    {
        var (head, answer) = await RawForwarding.SendAsync($"{name}: canary\r\n");
        Assert.Contains("\"code\":\"header-name\"", answer);
        Assert.Null(head);

        (head, answer) = await RawForwarding.SendAsync($"{name}: canary\r\n", options => options.HeaderAliases = HeaderAliasAction.Drop);
        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.DoesNotContain("canary", head);
    }

    [Theory]
    [InlineData("my_header")]
    [InlineData("x.y")]
    [InlineData("Upgrade-Insecure-Requests")]
    [InlineData("X-User-Agent")]
    [InlineData("X-Gateway")]
    [InlineData("Accept-Encoding")]
    [InlineData("Range")]
    [InlineData("If-None-Match")]
    [InlineData("If-Range")]
    public async Task Harmless_field_passes(string name)
    {
        var (head, _) = await RawForwarding.SendAsync($"{name}: kept\r\n");
        Assert.Equal(["kept"], RawForwarding.Lines(head!, name));
    }

    [Theory]
    [InlineData("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n")]
    [InlineData("authorization: Bearer a\r\nAUTHORIZATION: Bearer a\r\n")]
    [InlineData("Authorization: Bearer a, Bearer b\r\n")]
    [InlineData("Authorization: Bearer a, b\r\n")]
    [InlineData("Authorization: Basic a==, Digest username=\"x\"\r\n")]
    [InlineData("Authorization: Digest username=\"x\", realm=\"y\", Bearer b\r\n")]
    [InlineData("Authorization: Bearer a,\r\n")]
    [InlineData("X-Api-Key: a\r\nX-Api-Key: b\r\n")]
    [InlineData("X-Api-Key: a, b\r\n")]
    public async Task Second_credential_is_refused(string fields)
    {
        var (head, answer) = await RawForwarding.SendAsync(fields);
        Assert.Contains("\"code\":\"duplicate-credential\"", answer);
        Assert.Null(head);
    }

    [Theory]
    [InlineData("Authorization", "Bearer a.b-c_d~e+f/g==")]
    [InlineData("Authorization", "Digest username=\"a, b\", realm = \"c\\\"d\", nc=00000001, qop=auth")]
    [InlineData("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/x, SignedHeaders=host;range, Signature=fe5f80")]
    [InlineData("X-Api-Key", "abc")]
    public async Task One_credential_passes(string name, string value)
    {
        var (head, _) = await RawForwarding.SendAsync($"{name}: {value}\r\n");
        Assert.Equal([value], RawForwarding.Lines(head!, name));
    }

    [Theory]
    [InlineData("Authorization")]
    [InlineData("X-Api-Key")]
    [InlineData("X-User")]
    [InlineData("X-GW-Consumer")]
    [InlineData("Client-Cert")]
    [InlineData("CDN-Loop")]
    [InlineData("Max-Forwards")]
    [InlineData("Content-Length")]
    public async Task Naming_a_field_that_counts_in_connection_is_refused(string name)
    {
        var (head, answer) = await RawForwarding.SendAsync($"Connection: {name}\r\n", closes: false);
        Assert.Contains("\"code\":\"hop-by-hop-abuse\"", answer);
        Assert.Null(head);
    }
}
