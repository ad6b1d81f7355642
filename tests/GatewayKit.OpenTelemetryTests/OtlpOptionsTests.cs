using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Configuration;
using GatewayKit.OpenTelemetry;
using GatewayKit.OpenTelemetryTests.Hosting;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Exporter;

namespace GatewayKit.OpenTelemetryTests;

public sealed class OtlpOptionsTests : IDisposable
{
    private readonly string _secret = Path.GetTempFileName();

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Headers_have_the_secret_as_it_is_now_and_nothing_of_the_hosts(OtlpExportProtocol protocol)
    {
        await using var collector = await Collector.StartAsync();
        await File.WriteAllTextAsync(_secret, "Bearer first\n", TestContext.Current.CancellationToken);
        await using var sink = OpenedSink.Of(WithSecret(collector, protocol));
        await sink.WriteAsync(Batches.OfLines(1));
        Assert.Equal("Bearer first", collector.Requests[0].Headers["Authorization"]);
        Assert.DoesNotContain(collector.Requests[0].Headers, static header => header.Value.Contains(Environments.HostsSecret, StringComparison.Ordinal));
        await File.WriteAllTextAsync(_secret, "Bearer second", TestContext.Current.CancellationToken);
        await Eventually.IsSoAsync(async () =>
        {
            await sink.WriteAsync(Batches.OfLines(1));
            return collector.Requests[^1].Headers["Authorization"] is "Bearer second";
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("Bearer hidden\nX-Other: 1")]
    [InlineData("Bearer hidden\u00e4")]
    public async Task Secret_that_is_no_header_is_named_by_its_place_and_never_shown(string value)
    {
        await using var collector = await Collector.StartAsync();
        await File.WriteAllTextAsync(_secret, value, TestContext.Current.CancellationToken);
        var options = WithSecret(collector, OtlpExportProtocol.HttpProtobuf);
        await using var sink = OpenedSink.Of(options);
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => sink.WriteAsync(Batches.OfLines(1)));
        Assert.Contains(_secret, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", failure.ToString() + options, StringComparison.Ordinal);
        Assert.Empty(collector.Requests);
    }

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Tls_trusts_what_it_is_told_to_and_nothing_else(OtlpExportProtocol protocol)
    {
        using var certificate = Certificate();
        await using var collector = await Collector.StartAsync(certificate);
        await using (var stranger = OpenedSink.Of(new() { Address = collector.Address(protocol), Protocol = protocol }))
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => stranger.WriteAsync(Batches.OfLines(1)));
        }

        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { certificate }, RevocationMode = X509RevocationMode.NoCheck };
        await using var sink = OpenedSink.Of(new() { Address = collector.Address(protocol), Protocol = protocol, Tls = new SslClientAuthenticationOptions { CertificateChainPolicy = trust } });
        await sink.WriteAsync(Batches.OfLines(1));
        Assert.Single(collector.Kept);
    }

    [Theory]
    [InlineData("https://collector.example.com", OtlpExportProtocol.HttpProtobuf, "https://collector.example.com/v1/logs")]
    [InlineData("https://collector.example.com/otlp/logs?x=1", OtlpExportProtocol.HttpProtobuf, "https://collector.example.com/otlp/logs?x=1")]
    [InlineData("http://127.0.0.1:4318/", OtlpExportProtocol.HttpProtobuf, "http://127.0.0.1:4318/v1/logs")]
    [InlineData("https://collector.example.com:4317", OtlpExportProtocol.Grpc, "https://collector.example.com:4317/opentelemetry.proto.collector.logs.v1.LogsService/Export")]
    public void Address_without_a_path_gets_that_of_the_protocol(string address, OtlpExportProtocol protocol, string target) =>
        Assert.Equal(target, new OtlpAuditOptions { Address = new(address), Protocol = protocol }.Target.AbsoluteUri);

    [Theory]
    [InlineData("http://collector.example.com:4318", "AllowHttp")]
    [InlineData("ftp://127.0.0.1", "must be an address")]
    [InlineData("/v1/logs", "must be an address")]
    [InlineData("https://user:hidden@collector.example.com", "must be an address")]
    public void Address_is_https_unless_it_is_this_machine_or_the_risk_is_accepted(string address, string problem)
    {
        var refused = Assert.Throws<ArgumentException>(() => Add(new() { Address = new(address, UriKind.RelativeOrAbsolute) }));
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", refused.Message, StringComparison.Ordinal);
        Add(new() { Address = new("http://collector.example.com:4318"), AllowHttp = true });
        Add(new() { Address = new("http://[::1]:4318") });
    }

    [Fact]
    public void Options_that_cannot_be_are_refused_when_they_are_added()
    {
        var fine = new OtlpAuditOptions { Address = new("https://collector.example.com") };
        Assert.Throws<ArgumentException>(() => Add(fine with { Name = "../up" }));
        Assert.Throws<ArgumentException>(() => Add(fine with { Protocol = (OtlpExportProtocol)7 }));
        Assert.Throws<ArgumentException>(() => Add(fine with { Compression = (OtlpExportCompression)7 }));
        Assert.Throws<ArgumentException>(() => Add(fine with { Protocol = OtlpExportProtocol.Grpc, Address = new("https://collector.example.com/v1/logs") }));
        Assert.Throws<ArgumentException>(() => Add(fine with { Sink = new() { BatchRecords = 0 } }));
        foreach (var header in (string[])["Host", "content-type", "Transfer-Encoding", "a b", "grpc-encoding", ""])
        {
            Assert.Contains("Headers", Assert.Throws<ArgumentException>(() => Add(fine with { Headers = Of(header) })).Message, StringComparison.Ordinal);
        }

        var gateway = WebApplication.CreateSlimBuilder().Services.AddApiGateway().AddOtlpAudit(fine);
        Assert.Throws<InvalidOperationException>(() => gateway.AddOtlpAudit(fine));
        gateway.AddOtlpAudit(fine with { Name = "second" });
    }

    [Fact]
    public async Task Secret_of_a_header_that_is_missing_keeps_the_host_from_starting()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddApiGateway().AddOtlpAudit(new() { Address = new("https://collector.example.com"), Headers = new Dictionary<string, SecretReference> { ["Authorization"] = SecretReference.Parse("env:NO_SUCH_COLLECTOR_SECRET") } });
        builder.Services.AddLogging(static logging => logging.ClearProviders());
        await using var app = builder.Build();
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => app.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains("Audit sink 'otlp': Headers:Authorization is env:NO_SUCH_COLLECTOR_SECRET. The environment variable", exception.Message, StringComparison.Ordinal);
    }

    // docs/audit-shipping.md
    [Fact]
    public void Example_of_the_documentation_is_accepted()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddApiGateway().AddOtlpAudit(new()
        {
            Address = new("https://collector.example.com:4318"),
            Headers = new Dictionary<string, SecretReference> { ["Authorization"] = SecretReference.Parse("file:/run/secrets/collector") },
        });
    }

    public void Dispose() => File.Delete(_secret);

    private OtlpAuditOptions WithSecret(Collector collector, OtlpExportProtocol protocol) =>
        new() { Address = collector.Address(protocol), Protocol = protocol, Headers = Of("Authorization") };

    private Dictionary<string, SecretReference> Of(string header) => new() { [header] = SecretReference.Parse($"file:{_secret}") };

    private static void Add(OtlpAuditOptions options) => WebApplication.CreateSlimBuilder().Services.AddApiGateway().AddOtlpAudit(options);

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=collector", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
