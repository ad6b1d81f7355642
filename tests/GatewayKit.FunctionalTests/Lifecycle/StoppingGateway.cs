using GatewayKit.FunctionalTests.Forwarding;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Lifecycle;

/// <summary>A gateway with an endpoint of its own and a readiness check, which drains by a clock that the test moves.</summary>
internal sealed class StoppingGateway : IAsyncDisposable
{
    public static readonly TimeSpan Delay = TimeSpan.FromSeconds(5);

    private readonly TestHost _host;

    private StoppingGateway(TestHost host, FakeTimeProvider time, TunnelObserver observer) => (_host, Time, Observer) = (host, time, observer);

    public TestHost Host => _host;

    public Uri Address => _host.Address;

    public HttpClient Client => _host.Client;

    public FakeTimeProvider Time { get; }

    public TunnelObserver Observer { get; }

    public static async Task<StoppingGateway> StartAsync(
        Uri upstream, HttpProtocols protocols = HttpProtocols.Http1, TimeSpan? shutdown = null, TimeSpan? delay = null, Action<GatewayBuilder>? add = null)
    {
        var (time, observer) = (new FakeTimeProvider(), new TunnelObserver());
        var host = await TestHost.StartAsync(
            builder =>
            {
                var gateway = builder.Services.AddApiGateway(options => options.DrainDelay = delay ?? Delay)
                    .AddCluster("up", upstream.ToString())
                    .AddRoutes(new GatewayRoute { Id = "all", Match = new() { Path = "/forwarded/{**rest}" }, Cluster = "up" });
                builder.Services.AddSingleton<TimeProvider>(time);
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.Services.AddHealthChecks().AddGatewayReadiness();
                builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = shutdown ?? RawConnection.Limit);
                add?.Invoke(gateway);
            },
            static app =>
            {
                app.MapGatewayRoutes();
                app.MapGet("/own", static () => "own");
                app.MapHealthChecks("/readyz", new HealthCheckOptions { Predicate = static check => check.Tags.Contains("ready") });
            },
            protocols);
        return new(host, time, observer);
    }

    public T Get<T>()
        where T : notnull => _host.App.Services.GetRequiredService<T>();

    /// <summary>What a signal does; the server goes on until somebody stops the host.</summary>
    public void TellToStop() => Get<IHostApplicationLifetime>().StopApplication();

    public Task StopAsync() => _host.App.StopAsync();

    public ValueTask DisposeAsync()
    {
        // A test that did not get that far has a delay that nobody ends.
        TellToStop();
        Time.Advance(TimeSpan.FromMinutes(5));
        return _host.DisposeAsync();
    }
}
