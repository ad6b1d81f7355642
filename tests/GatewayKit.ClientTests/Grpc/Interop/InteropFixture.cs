using GatewayKit.ClientTests.Hosting;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.ClientTests.Grpc.Interop;

/// <summary>The service, in clear text and over TLS, and Standalone in front of each.</summary>
public sealed class InteropFixture : IAsyncLifetime
{
    private const string Http2 = """{ "Version": "2.0", "VersionPolicy": "RequestVersionExact" }""";
    private readonly TemporaryFolder _folder = new();
    private TestCertificate _certificate = null!;
    private Upstream _upstream = null!;
    private Upstream _secureUpstream = null!;
    private StandaloneProcess _standalone = null!;
    private StandaloneProcess _secureStandalone = null!;

    internal InteropService.Journal Journal { get; } = new();

    public async ValueTask InitializeAsync()
    {
        _certificate = TestCertificate.Write(_folder);
        _upstream = await StartServiceAsync(null);
        _secureUpstream = await StartServiceAsync(_certificate);
        _standalone = await StandaloneProcess.StartAsync(StandaloneProcess.ForwardAllTo(_upstream.Address, Http2), ["h2c"]);
        _secureStandalone = await StandaloneProcess.StartAsync(
            StandaloneProcess.ForwardAllTo(
                _secureUpstream.Address, Http2, $$"""{ "CertificateAuthorityFile": "{{_certificate.File}}" }"""),
            ["https"],
            "--certificate", _certificate.File, "--certificate-key", _certificate.KeyFile);
    }

    public async ValueTask DisposeAsync()
    {
        await _standalone.DisposeAsync();
        await _secureStandalone.DisposeAsync();
        await _upstream.DisposeAsync();
        await _secureUpstream.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>A client that has met nobody yet.</summary>
    internal InteropClient Connect(Wire wire, Way way)
    {
        var address = (wire, way) switch
        {
            (Wire.ClearText, Way.Direct) => _upstream.Address,
            (Wire.ClearText, _) => _standalone.Address,
            (_, Way.Direct) => _secureUpstream.Address,
            _ => _secureStandalone.Address,
        };
        return new(address, new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = _certificate.TrustPolicy() } }, Journal);
    }

    private Task<Upstream> StartServiceAsync(TestCertificate? certificate) => Upstream.StartAsync(
        static app =>
        {
            app.Use(static (context, next) =>
            {
                context.Request.Body = new MessageFlags(context.Request.Body);
                return next(context);
            });
            app.MapGrpcService<InteropService>();
        },
        services => services.AddSingleton(Journal).AddGrpc(static options => options.ResponseCompressionAlgorithm = "gzip"),
        HttpProtocols.Http2,
        certificate);
}
