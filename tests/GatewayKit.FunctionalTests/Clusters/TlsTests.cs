using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Clusters;

/// <summary>TLS with a destination whose certificate comes from an authority of our own.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gatewaykit-tls").FullName;
    private readonly X509Certificate2 _authority = CreateAuthority();

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Authority_of_ones_own_is_trusted_when_configured()
    {
        await using var upstream = await StartAsync("orders.internal");
        Assert.Equal("localhost", await GetAsync(upstream, new() { CertificateAuthorityFile = AuthorityFile(), ServerName = "orders.internal" }));
    }

    [Fact]
    public async Task Unknown_authority_is_a_bad_gateway_without_detail()
    {
        await using var upstream = await StartAsync("orders.internal");
        var answer = await GetAsync(upstream, new() { ServerName = "orders.internal" });
        Assert.Contains("502 \"code\":\"upstream-tls\"", answer);
        Assert.DoesNotContain("certificate", answer);
    }

    [Fact]
    public async Task Wrong_name_is_a_bad_gateway()
    {
        await using var upstream = await StartAsync("orders.internal");
        Assert.Contains("upstream-tls", await GetAsync(upstream, new() { CertificateAuthorityFile = AuthorityFile(), ServerName = "other.internal" }));
    }

    [Fact]
    public async Task Host_of_the_destination_is_the_name_to_expect()
    {
        await using var upstream = await StartAsync("orders.internal");
        Assert.Equal("orders.internal", await GetAsync(upstream, new() { CertificateAuthorityFile = AuthorityFile() }, destination => destination with { Host = "orders.internal" }));
    }

    [Fact]
    public async Task Original_host_does_not_choose_the_certificate()
    {
        await using var upstream = await StartAsync("localhost");
        var answer = await GetAsync(upstream, new() { CertificateAuthorityFile = AuthorityFile() }, change: cluster => cluster with { HostHeader = HostHeader.Original }, host: "evil.example");
        Assert.Equal("evil.example", answer);
    }

    [Theory]
    [InlineData("orders.internal", "orders.internal")]
    [InlineData("other.internal", "upstream-tls")]
    public async Task Host_of_the_destination_is_the_name_to_expect_beside_the_original_host(string certificate, string expected)
    {
        await using var upstream = await StartAsync(certificate);
        var answer = await GetAsync(
            upstream,
            new() { CertificateAuthorityFile = AuthorityFile() },
            destination => destination with { Host = "orders.internal" },
            cluster => cluster with { HostHeader = HostHeader.Original },
            host: "other.internal");
        Assert.Contains(expected, answer);
    }

    [Fact]
    public async Task Dangerous_accept_any_accepts_any()
    {
        await using var upstream = await StartAsync("whatever");
        Assert.Contains("localhost", await GetAsync(upstream, new() { DangerousAcceptAnyServerCertificate = true }));
    }

    [Theory]
    [InlineData("pem")]
    [InlineData("encrypted")]
    [InlineData("pkcs12")]
    public async Task Client_certificate_is_shown(string form)
    {
        await using var upstream = await StartAsync("localhost", ClientCertificateMode.RequireCertificate);
        var answer = await GetAsync(upstream, new() { CertificateAuthorityFile = AuthorityFile(), ClientCertificate = ClientFiles(form) });
        Assert.EndsWith("CN=gateway", answer);
    }

    [Fact]
    public async Task Missing_client_certificate_is_a_bad_gateway()
    {
        await using var upstream = await StartAsync("localhost", ClientCertificateMode.RequireCertificate);
        Assert.Contains("502 \"code\":\"upstream-", await GetAsync(upstream, new() { CertificateAuthorityFile = AuthorityFile() }));
    }

    [Theory]
    [InlineData("orders.internal", HostHeader.Destination, "orders.internal")]
    [InlineData("orders.internal", HostHeader.Original, "evil.example")]
    [InlineData("evil.example", HostHeader.Destination, "upstream-tls")]
    [InlineData("evil.example", HostHeader.Original, "upstream-tls")]
    public async Task Address_that_was_found_for_a_name_must_have_a_certificate_of_that_name(string certificate, HostHeader host, string expected)
    {
        await using var upstream = await StartAsync(certificate);
        var answer = await GetAsync(
            upstream,
            new() { CertificateAuthorityFile = AuthorityFile() },
            change: cluster => cluster with
            {
                Destinations = new Dictionary<string, Destination>(),
                Discovery = new() { Source = "Dns", Name = $"https://orders.internal:{cluster.Destinations["a"].Address.Port}" },
                HostHeader = host,
            },
            host: "evil.example");
        Assert.Contains(expected, answer, StringComparison.Ordinal);
    }

    private static X509Certificate2 CreateAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
    }

    private X509Certificate2 Issue(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(_authority, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        using var withKey = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    private string AuthorityFile()
    {
        var file = Path.Combine(_folder, "ca.pem");
        File.WriteAllText(file, _authority.ExportCertificatePem());
        return file;
    }

    private ClientCertificate ClientFiles(string form)
    {
        using var certificate = Issue("gateway");
        var (file, keyFile, variable) = (Path.Combine(_folder, "client"), Path.Combine(_folder, "client.key"), $"GATEWAYKIT_TEST_{form}");
        Environment.SetEnvironmentVariable(variable, "secret");
        using var key = certificate.GetECDsaPrivateKey()!;
        switch (form)
        {
            case "pem":
                File.WriteAllText(file, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
                return new() { File = file };
            case "encrypted":
                File.WriteAllText(file, certificate.ExportCertificatePem());
                File.WriteAllText(keyFile, key.ExportEncryptedPkcs8PrivateKeyPem("secret", new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1_000)));
                return new() { File = file, KeyFile = keyFile, PasswordVariable = variable };
            default:
                File.WriteAllBytes(file, certificate.Export(X509ContentType.Pkcs12, "secret"));
                return new() { File = file, PasswordVariable = variable };
        }
    }

    private async Task<TestHost> StartAsync(string name, ClientCertificateMode mode = ClientCertificateMode.NoCertificate)
    {
        var certificate = Issue(name);
        return await TestHost.StartAsync(
            builder => builder.WebHost.ConfigureKestrel(options => options.ConfigureHttpsDefaults(https =>
            {
                https.ServerCertificate = certificate;
                https.ClientCertificateMode = mode;
                https.AllowAnyClientCertificate();
            })).UseKestrelHttpsConfiguration().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps())),
            app => app.Run(context => context.Response.WriteAsync($"{context.Request.Host.Host}{context.Connection.ClientCertificate?.Subject}")));
    }

    private static async Task<string> GetAsync(
        TestHost upstream, ClusterTls tls, Func<Destination, Destination>? destination = null, Func<Cluster, Cluster>? change = null, string host = "a")
    {
        var address = new Uri(upstream.App.Urls.Single(static url => url.StartsWith("https", StringComparison.Ordinal)));
        var target = new Destination { Address = new UriBuilder(address) { Host = "localhost" }.Uri };
        await using var gateway = await Upstream.GatewayToAsync(address, cluster =>
        {
            var secured = cluster with
            {
                Tls = tls,
                Destinations = new Dictionary<string, Destination> { ["a"] = destination?.Invoke(target) ?? target },
            };
            return change?.Invoke(secured) ?? secured;
        }, static builder => builder.Services
            .AddSingleton(new NameLookup(TimeProvider.System, static (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback])))
            .Configure<GatewayOptions>(static options => options.AcknowledgedRisks = ["unverified-destination"]));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Host = host } };
        using var answer = await gateway.Client.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        return answer.StatusCode is HttpStatusCode.OK ? body : $"{(int)answer.StatusCode} {System.Text.RegularExpressions.Regex.Match(body, "\"code\":\"[a-z-]+\"")}";
    }
}
