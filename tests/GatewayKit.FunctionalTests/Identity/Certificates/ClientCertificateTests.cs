using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GatewayKit.FunctionalTests.Identity.Schemes;
using GatewayKit.Identity.Certificates;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.Certificates;

/// <summary>Real certificates over real TLS connections.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private readonly TestAuthority _authority = new("partners");
    private readonly TestAuthority _stranger = new("partners");

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
    }

    [Theory]
    [InlineData("1.1", "/own/")]
    [InlineData("1.1", "/route/")]
    [InlineData("2.0", "/own/")]
    [InlineData("2.0", "/route/")]
    public async Task Certificate_of_the_authority_is_let_in(string version, string path)
    {
        await using var gateway = await StartAsync();
        using var certificate = _authority.Issue(names: static names => names.AddDnsName("Client.Partner.example"));
        var answer = await gateway.AskAsync(certificate, path, Version.Parse(version));
        Assert.Equal(200, answer.Status);
        Assert.Equal(1, gateway.Served);
        if (path is "/own/")
        {
            Assert.Equal("certificate/dns:client.partner.example", answer.Consumer);
        }
    }

    public static TheoryData<string, string> BadCertificates() => new(
        from version in new[] { "1.1", "2.0" }
        from kind in new[]
        {
            "none", "expired", "not yet valid", "of a stranger who has the same name", "for servers", "without a purpose", "signed by itself", "NUL in a name", "space in a name", "control character in the subject", "key not for signatures", "of a lower authority that is not known",
        }
        select (version, kind));

    [Theory]
    [MemberData(nameof(BadCertificates))]
    public async Task Certificate_that_does_not_hold_is_refused_whatever_is_wrong_with_it(string version, string kind)
    {
        await using var gateway = await StartAsync();
        using var lower = new TestAuthority("lower", _authority);
        using var certificate = kind switch
        {
            "none" => null,
            "expired" => _authority.Issue(from: TestAuthority.Now.AddDays(-9), until: TestAuthority.Now.AddMinutes(-1)),
            "not yet valid" => _authority.Issue(from: TestAuthority.Now.AddHours(1), until: TestAuthority.Now.AddDays(9)),
            "of a stranger who has the same name" => _stranger.Issue(),
            "for servers" => _authority.Issue(purpose: TestAuthority.ForServers),
            "without a purpose" => _authority.Issue(purpose: null),
            "signed by itself" => TestAuthority.SelfSigned(),
            "NUL in a name" => _authority.Issue(change: static request => request.CertificateExtensions.Add(TestAuthority.RawDnsName("partner.example\0.evil.example"u8.ToArray()))),
            "space in a name" => _authority.Issue(change: static request => request.CertificateExtensions.Add(TestAuthority.RawDnsName("partner.example evil"u8.ToArray()))),
            "control character in the subject" => _authority.Issue("CN=partner\u0001"),
            "key not for signatures" => _authority.Issue(change: static request => request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.NonRepudiation, true))),
            _ => lower.Issue(),
        };
        var answer = await gateway.AskAsync(certificate, version: Version.Parse(version));
        Assert.Equal((401, "ClientCertificate realm=\"gatewaykit\"", 0), (answer.Status, answer.Challenge, gateway.Served));
        Assert.Equal((await gateway.AskAsync(null)).UniformBody, answer.UniformBody);
    }

    [Fact]
    public async Task Authorities_in_between_may_be_in_the_file()
    {
        using var lower = new TestAuthority("lower", _authority);
        await using var gateway = await SecureGateway.StartAsync(group => group.RequireClientCertificate(new() { Authorities = [_authority.Write(lower)] }));
        using var certificate = lower.Issue();
        Assert.Equal(200, (await gateway.AskAsync(certificate)).Status);
    }

    [Theory]
    [InlineData("certificate/uri:spiffe://partners/orders")]
    [InlineData("certificate/dns:orders.partner.example")]
    [InlineData("certificate/subject:CN=Orders\\, GmbH,O=Partner,C=DE")]
    public async Task Consumer_is_found_by_a_name_of_the_certificate(string identity)
    {
        await using var gateway = await StartAsync(new Consumer { Id = "acme", Identities = [identity] });
        using var certificate = _authority.Issue("CN=\"Orders, GmbH\", O=Partner, C=DE", static names =>
        {
            names.AddUri(new("spiffe://partners/orders"));
            names.AddDnsName("orders.partner.example");
        });
        Assert.Equal("acme", (await gateway.AskAsync(certificate)).Consumer);
    }

    [Theory]
    [InlineData("CN=orders.partner.example", null, "certificate/dns:orders.partner.example")]
    [InlineData("CN=x", "*.partner.example", "certificate/dns:*.partner.example")]
    [InlineData("CN=x", "*.partner.example", "certificate/dns:orders.partner.example")]
    [InlineData("CN=\"x,O=Partner\"", null, "certificate/subject:CN=x,O=Partner")]
    [InlineData("CN=certificate/dns:a.example", null, "certificate/dns:a.example")]
    [InlineData("CN=x", "acme", "acme")]
    public async Task Consumer_is_not_found_by_what_only_looks_like_a_name(string subject, string? host, string identity)
    {
        await using var gateway = await StartAsync(new Consumer { Id = "acme", Identities = [identity] });
        using var certificate = _authority.Issue(subject, host is null ? null : names => names.AddDnsName(host));
        var answer = await gateway.AskAsync(certificate);
        Assert.Equal(200, answer.Status);
        Assert.NotEqual("acme", answer.Consumer);
    }

    [Fact]
    public async Task Names_of_two_consumers_are_nobodys()
    {
        await using var gateway = await StartAsync(new Consumer { Id = "a", Identities = ["certificate/dns:a.example"] }, new Consumer { Id = "b", Identities = ["certificate/dns:b.example"] });
        using var certificate = _authority.Issue(names: static names =>
        {
            names.AddDnsName("a.example");
            names.AddDnsName("b.example");
        });
        Assert.Equal((403, 0), ((await gateway.AskAsync(certificate)).Status, gateway.Served));
    }

    [Fact]
    public async Task Without_authorities_those_count_that_consumers_are_registered_with_by_hash()
    {
        using var certificate = TestAuthority.SelfSigned();
        using var other = TestAuthority.SelfSigned();
        await using var gateway = await SecureGateway.StartAsync(
            static group => group.RequireClientCertificate(),
            builder => builder.AddConsumers([new Consumer { Id = "acme", Identities = [$"certificate/{HashOf(certificate)}", "certificate/subject:CN=client"] }]));
        Assert.Equal("acme", (await gateway.AskAsync(certificate)).Consumer);
        Assert.Equal(401, (await gateway.AskAsync(other)).Status);
    }

    [Fact]
    public async Task Pinned_key_outlives_its_certificate_and_says_nothing_of_names()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var first = TestAuthority.SelfSigned("CN=first", null, key);
        using var second = TestAuthority.SelfSigned("CN=second", static names => names.AddDnsName("victim.example"), key);
        using var other = TestAuthority.SelfSigned("CN=first");
        var pin = $"spki:{Convert.ToHexStringLower(SHA256.HashData(first.PublicKey.ExportSubjectPublicKeyInfo()))}";
        await using var gateway = await SecureGateway.StartAsync(
            group => group.RequireClientCertificate(new() { Pins = [pin] }),
            static builder => builder.AddConsumers([new Consumer { Id = "victim", Identities = ["certificate/dns:victim.example"] }]));
        Assert.Equal(200, (await gateway.AskAsync(first)).Status);
        var renewed = await gateway.AskAsync(second);
        Assert.Equal(200, renewed.Status);
        Assert.NotEqual("victim", renewed.Consumer);
        Assert.Equal(401, (await gateway.AskAsync(other)).Status);
    }

    [Fact]
    public async Task Caller_who_may_not_is_told_so_after_it_is_known()
    {
        var file = _authority.Write();
        await using var gateway = await SecureGateway.StartAsync(
            group => group.RequireClientCertificate(new() { Authorities = [file], RequireRegistered = true, Scopes = ["orders:read"] }),
            static builder => builder.AddConsumers(
            [
                new Consumer { Id = "a", Identities = ["certificate/dns:a.example"], Scopes = ["orders:read"] },
                new Consumer { Id = "b", Identities = ["certificate/dns:b.example"] },
                new Consumer { Id = "c", Identities = ["certificate/dns:c.example"], Scopes = ["orders:read"], State = ConsumerState.Suspended },
            ]));
        foreach (var (host, status) in new[] { ("a.example", 200), ("b.example", 403), ("c.example", 403), ("nobody.example", 403) })
        {
            using var certificate = _authority.Issue(names: names => names.AddDnsName(host));
            Assert.Equal(status, (await gateway.AskAsync(certificate)).Status);
        }
    }

    [Fact]
    public async Task Certificate_that_is_asked_for_later_counts()
    {
        var file = _authority.Write();
        await using var gateway = await SecureGateway.StartAsync(group => group.RequireClientCertificate(new() { Authorities = [file] }), mode: ClientCertificateMode.DelayCertificate);
        using var certificate = _authority.Issue();

        // TLS 1.3 has it after the handshake, which the framework's client does not do; HTTP/2 knows no such thing at all.
        using var handler = gateway.Handler(certificate);
        handler.SslOptions.EnabledSslProtocols = System.Security.Authentication.SslProtocols.Tls12;
        using var client = new HttpClient(handler);
        Assert.Equal(200, (await SecureGateway.AskAsync(client, new Uri(gateway.Address, "/own/"))).Status);
        Assert.Equal(401, (await gateway.AskAsync(certificate, version: HttpVersion.Version20)).Status);
    }

    [Fact]
    public async Task Shadow_lets_everybody_in()
    {
        var file = _authority.Write();
        await using var gateway = await SecureGateway.StartAsync(group => group.RequireClientCertificate(new() { Authorities = [file], Mode = PolicyMode.Shadow }));
        Assert.Equal(200, (await gateway.AskAsync(null)).Status);
    }

    [Fact]
    public async Task One_of_several_ways_is_enough_and_a_certificate_that_does_not_hold_is_refused_whatever_else_there_is()
    {
        var file = _authority.Write();
        await using var gateway = await SecureGateway.StartAsync(
            group => group.RequireAnyOf(new CertificatePolicy { Authorities = [file] }, new HeaderIdentityPolicy()),
            static builder => builder.AddPolicy<HeaderIdentityPolicy, HeaderIdentityFilterFactory>("HeaderIdentity"));
        using var certificate = _authority.Issue(names: static names => names.AddDnsName("a.example"));
        using var strange = _stranger.Issue();
        Assert.Equal("certificate/dns:a.example", (await gateway.AskAsync(certificate)).Consumer);
        Assert.Equal("acme", (await gateway.AskAsync(null, fields: ("X-Caller", "acme||"))).Consumer);
        Assert.Equal(401, (await gateway.AskAsync(strange, fields: ("X-Caller", "acme||"))).Status);
        var answer = await gateway.AskAsync(null);
        Assert.Equal((401, "ClientCertificate realm=\"gatewaykit\", Header"), (answer.Status, answer.Challenge));
    }

    [Fact]
    public async Task Token_that_calls_itself_a_certificate_is_none()
    {
        await using var gateway = await SecureGateway.StartAsync(
            static group => group.RequireIdentity("Word"),
            static builder =>
            {
                builder.Services.AddWords("Word");
                builder.AddConsumers([new Consumer { Id = "acme", Identities = ["certificate/dns:a.example"] }]);
            });
        Assert.Equal("Word/certificate/dns:a.example", (await gateway.AskAsync(null, fields: ("Authorization", "Word client_id=certificate/dns:a.example"))).Consumer);
    }

    private Task<SecureGateway> StartAsync(params Consumer[] consumers)
    {
        var file = _authority.Write();
        return SecureGateway.StartAsync(group => group.RequireClientCertificate(new() { Authorities = [file] }), builder => builder.AddConsumers(consumers));
    }

    private static string HashOf(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
}
