using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.Certificates;

/// <summary>Certificates that proxies pass on (RFC 9440).</summary>
public sealed class ForwardedCertificateTests : IDisposable
{
    private readonly TestAuthority _authority = new("partners");

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData("/own/")]
    [InlineData("/route/")]
    public async Task Certificate_that_a_trusted_proxy_passes_on_counts_and_goes_no_further(string path)
    {
        await using var gateway = await StartAsync();
        using var certificate = _authority.Issue();
        Assert.Equal(200, (await AskAsync(gateway, path, ("Client-Cert", Text(certificate)))).Status);
        if (path is "/route/")
        {
            Assert.Equal(string.Empty, gateway.SeenByDestination);
        }
    }

    [Theory]
    [InlineData("/own/")]
    [InlineData("/route/")]
    public async Task Certificate_that_anybody_else_writes_counts_for_nothing(string path)
    {
        await using var gateway = await StartAsync(proxies: "10.0.0.0/8");
        using var certificate = _authority.Issue();
        Assert.Equal((401, 0), ((await AskAsync(gateway, path, ("Client-Cert", Text(certificate)))).Status, gateway.Served));

        // Not beside one of their own either.
        using var own = _authority.Issue(names: static names => names.AddDnsName("own.example"));
        var answer = await gateway.AskAsync(own, path, null, ("Client-Cert", Text(certificate)));
        Assert.Equal((200, string.Empty), (answer.Status, gateway.SeenByDestination ?? string.Empty));
        Assert.True(path is "/route/" || answer.Consumer is "certificate/dns:own.example");
    }

    [Fact]
    public async Task Trusted_proxy_whose_word_was_not_asked_for_counts_for_nothing()
    {
        var file = _authority.Write();
        await using var gateway = await SecureGateway.StartAsync(group => group.RequireClientCertificate(new() { Authorities = [file] }), Trusting("127.0.0.0/8"));
        using var certificate = _authority.Issue();
        Assert.Equal(401, (await AskAsync(gateway, "/own/", ("Client-Cert", Text(certificate)))).Status);
    }

    [Fact]
    public async Task Certificate_of_the_proxy_is_not_that_of_its_client()
    {
        await using var gateway = await StartAsync();
        using var proxy = _authority.Issue();
        Assert.Equal(401, (await gateway.AskAsync(proxy)).Status);
    }

    // The middleware puts the client's address in the place of the proxy's.
    [Theory]
    [InlineData("127.0.0.0/8", "203.0.113.9", 200)]
    [InlineData("127.0.0.0/8", "10.0.0.7", 200)]
    [InlineData("10.0.0.0/8", "10.0.0.7", 401)]
    public async Task Who_may_pass_certificates_on_is_asked_about_the_connection_and_not_about_the_client_it_is_for(string proxies, string client, int status)
    {
        var file = _authority.Write();
        await using var gateway = await SecureGateway.StartAsync(
            group => group.RequireClientCertificate(new() { Authorities = [file], AcceptForwarded = true }),
            builder =>
            {
                Trusting(proxies)(builder);
                builder.Services.Configure<ForwardedHeadersOptions>(static options => options.ForwardedHeaders = ForwardedHeaders.XForwardedFor);
                builder.Services.AddTransient<IStartupFilter, UsesForwardedHeaders>();
            });
        using var proxy = _authority.Issue(names: static names => names.AddDnsName("proxy.example"));
        using var certificate = _authority.Issue(names: static names => names.AddDnsName("client.example"));
        var answer = status is 200
            ? await gateway.AskAsync(proxy, "/own/", null, ("X-Forwarded-For", client), ("Client-Cert", Text(certificate)))
            : await AskAsync(gateway, "/own/", ("X-Forwarded-For", client), ("Client-Cert", Text(certificate)));
        Assert.Equal((status, status is 200 ? "certificate/dns:client.example" : null), (answer.Status, answer.Consumer));

        // Without one of a client there is none: the proxy is not the caller.
        Assert.Equal(status is 200 ? 401 : 200, (await gateway.AskAsync(proxy, "/own/", null, ("X-Forwarded-For", client))).Status);
    }

    [Fact]
    public async Task Chain_completes_what_the_gateway_does_not_know()
    {
        await using var gateway = await StartAsync();
        using var lower = new TestAuthority("lower", _authority);
        using var certificate = lower.Issue();
        Assert.Equal(401, (await AskAsync(gateway, "/own/", ("Client-Cert", Text(certificate)))).Status);
        Assert.Equal(200, (await AskAsync(gateway, "/own/", ("Client-Cert", Text(certificate)), ("Client-Cert-Chain", Text(lower.Certificate)))).Status);
    }

    [Fact]
    public async Task Chain_of_a_stranger_is_not_trusted()
    {
        await using var gateway = await StartAsync();
        using var stranger = new TestAuthority("partners");
        using var certificate = stranger.Issue();
        Assert.Equal(401, (await AskAsync(gateway, "/own/", ("Client-Cert", Text(certificate)), ("Client-Cert-Chain", Text(stranger.Certificate)))).Status);
    }

    [Fact]
    public async Task Two_certificates_are_no_request()
    {
        await using var gateway = await StartAsync();
        using var certificate = _authority.Issue();
        Assert.Equal(400, (await AskAsync(gateway, "/own/", ("Client-Cert", Text(certificate)), ("Client-Cert", Text(certificate)))).Status);
    }

    public static TheoryData<string> Malformed() => new(
        string.Empty, "x", ":", "::", ":AAAA:", ":MIIB:", "\"MIIB\"", "?1", "-----BEGIN CERTIFICATE-----", "%2D%2D%2D%2D%2DBEGIN", $":{new string('M', 20_000)}:", ":MIIB!:");

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Field_that_is_no_certificate_is_refused(string field)
    {
        await using var gateway = await StartAsync();
        Assert.Equal((401, 0), ((await AskAsync(gateway, "/own/", ("Client-Cert", field))).Status, gateway.Served));
    }

    [Theory]
    [InlineData("x")]
    [InlineData(":AAAA:")]
    [InlineData(":MA==:,")]
    [InlineData(":MA==:,:MA==:,:MA==:,:MA==:,:MA==:,:MA==:,:MA==:,:MA==:,:MA==:")]
    public async Task Chain_that_is_none_is_refused(string field)
    {
        await using var gateway = await StartAsync();
        using var certificate = _authority.Issue();
        Assert.Equal(401, (await AskAsync(gateway, "/own/", ("Client-Cert", Text(certificate)), ("Client-Cert-Chain", field))).Status);
    }

    private sealed class UsesForwardedHeaders : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UseForwardedHeaders();
            next(app);
        };
    }

    private static string Text(X509Certificate2 certificate) => $":{Convert.ToBase64String(certificate.RawData)}:";

    private Task<SecureGateway> StartAsync(string proxies = "127.0.0.0/8")
    {
        var file = _authority.Write();
        return SecureGateway.StartAsync(group => group.RequireClientCertificate(new() { Authorities = [file], AcceptForwarded = true }), Trusting(proxies));
    }

    private static Action<GatewayBuilder> Trusting(string proxies) =>
        builder => builder.Services.Configure<GatewayOptions>(options => options.TrustedProxies = [System.Net.IPNetwork.Parse(proxies)]);

    private static async Task<SecureAnswer> AskAsync(SecureGateway gateway, string path, params (string Name, string Value)[] fields)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        return await SecureGateway.AskAsync(client, new Uri(gateway.PlainAddress, path), null, fields);
    }
}
