using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Resilience.Faults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>A gateway that allows faults, in front of two destinations that count what they get and answer it.</summary>
internal sealed class FaultyGateway : IAsyncDisposable
{
    private readonly TestHost _first;
    private readonly TestHost _second;
    private int _seen;

    private FaultyGateway(TestHost first, TestHost second) => (_first, _second) = (first, second);

    public TestHost Host { get; private set; } = null!;

    public HttpClient Client => Host.Client;

    public WatchedTime Time { get; } = new();

    public FaultObserver Observer { get; } = new();

    public FaultCounts Counts { get; private set; } = null!;

    /// <summary>How many requests came to the destinations.</summary>
    public int Seen => Volatile.Read(ref _seen);

    public static async Task<FaultyGateway> StartAsync(FaultPolicy? policy, RetryPolicy? retry = null, HttpProtocols protocols = HttpProtocols.Http1, Action<WebApplication>? map = null, CircuitBreakerPolicy? circuit = null)
    {
        FaultyGateway? self = null;
        RequestDelegate answer = context =>
        {
            Interlocked.Increment(ref self!._seen);
            return context.Response.WriteAsync("served by a destination");
        };
        self = new(await Upstream.StartAsync(answer), await Upstream.StartAsync(answer));
        self.Host = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(self.Time);
                builder.Services.AddSingleton<IGatewayObserver>(self.Observer);
                builder.Services.AddApiGateway(static options => options.FaultInjection = true)
                    .AddClusters(new Cluster
                    {
                        Id = "up",
                        Retry = retry,
                        CircuitBreaker = circuit ?? new(),
                        Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = self._first.Address }, ["b"] = new() { Address = self._second.Address } },
                    });
            },
            app =>
            {
                var route = app.MapGatewayRoute("/{**rest}", cluster: "up");
                if (policy is not null)
                {
                    route.WithFaultInjection(policy);
                }

                map?.Invoke(app);
            },
            protocols);
        self.Counts = new(self.Host);
        return self;
    }

    public async ValueTask DisposeAsync()
    {
        Counts.Dispose();
        await Host.DisposeAsync();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }
}
