using GatewayKit.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.ExtensionTests.Testing;

/// <summary>The app under test, with its upstream and its clock in the hands of the test.</summary>
internal sealed class OrdersGateway : WebApplicationFactory<Program>
{
    public OrdersUpstream Upstream { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public GatewayRecorder? Recorder { get; private set; }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.ConfigureLogging(static logging => logging.ClearProviders());
        builder.ConfigureTestServices(services =>
        {
            services.AddSingleton<TimeProvider>(Time);
            Recorder = services.AddApiGateway()
                .UseUpstreamHandler("orders", () => Upstream)
                .RecordDecisions();
        });
    }
}
