using GatewayKit.ClientTests.Chromium;
using GatewayKit.ClientTests.Hosting;
using GatewayKit.ClientTests.SignalR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.ClientTests.Node;

/// <summary>The services, in clear text and over TLS, and Standalone in front of them.</summary>
public sealed class ClientFixture : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly Gates _gates = new();
    private Upstream _upstream = null!;
    private Upstream _secureUpstream = null!;
    private Upstream _otherUpstream = null!;
    private StandaloneProcess _standalone = null!;

    internal TestCertificate Certificate { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Certificate = TestCertificate.Write(_folder);
        _upstream = await StartServicesAsync(HttpProtocols.Http1, null);
        _secureUpstream = await StartServicesAsync(HttpProtocols.Http1AndHttp2, Certificate);
        _otherUpstream = await StartServicesAsync(HttpProtocols.Http1AndHttp2, Certificate);
        _standalone = await StandaloneProcess.StartAsync(
            StandaloneProcess.ForwardAllTo(_upstream.Address), ["http", "https", "https"], "--certificate", Certificate.File, "--certificate-key", Certificate.KeyFile);
    }

    public async ValueTask DisposeAsync()
    {
        await _standalone.DisposeAsync();
        await _upstream.DisposeAsync();
        await _secureUpstream.DisposeAsync();
        await _otherUpstream.DisposeAsync();
        _folder.Dispose();
    }

    internal Uri Address(Wire wire, Way way) => (wire, way) switch
    {
        (Wire.ClearText, Way.Direct) => _upstream.Address,
        (_, Way.Direct) => _secureUpstream.Address,
        (Wire.ClearText, _) => _standalone.Addresses[0],
        _ => _standalone.Addresses[1],
    };

    /// <summary>The same services under another origin.</summary>
    internal Uri OtherAddress(Way way) => way is Way.Direct ? _otherUpstream.Address : _standalone.Addresses[2];

    private Task<Upstream> StartServicesAsync(HttpProtocols protocols, TestCertificate? certificate) => Upstream.StartAsync(
        app =>
        {
            app.UseWebSockets();
            app.MapHub<EchoHub>("/hub");
            ClientServices.Map(app, _gates);
            EventServices.Map(app, _gates);
            FakeProvider.Map(app, _gates);
            PageServices.Map(app, _gates);
        },
        static services => services.AddSignalR(static options => options.MaximumReceiveMessageSize = 1_000_000),
        protocols,
        certificate);
}
