using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Gateways whose places move, in front of a destination that answers as the path says, and what can be seen of them.</summary>
internal sealed class AdaptiveHosts
{
    private int _begun;

    /// <summary>How many requests have come to a handler.</summary>
    public int Begun => Volatile.Read(ref _begun);

    /// <summary>Lets those go that are late on purpose.</summary>
    public TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static IReadOnlyList<Bulkhead> Bulkheads(TestHost gateway) => gateway.App.Services.GetRequiredService<GatewayKit.Resilience.Bulkheads.Bulkheads>().InUse;

    public static LimitEstimator? EstimatorOf(TestHost gateway) => gateway.App.Services.GetRequiredService<GatewayKit.Resilience.Bulkheads.Bulkheads>().ForCluster("up").Estimator;

    public static (long Answered, long Dropped) SamplesOf(LimitEstimator? estimator) => (estimator?.Answered ?? 0, estimator?.Dropped ?? 0);

    public static async Task<(int Requests, int Streams)> QuietAsync(TestHost gateway)
    {
        (int, int) Taken() => (Bulkheads(gateway).Sum(static bulkhead => bulkhead.Requests.Taken), Bulkheads(gateway).Sum(static bulkhead => bulkhead.Streams.Taken));
        for (var look = 0; Taken() != (0, 0) && look < 2_000; look++)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        return Taken();
    }

    public Task<TestHost> StartAsync(TestHost upstream, AdaptiveLimit? adaptive = null) => TestHost.GatewayAsync(
        services: builder => builder.AddClusters(new Cluster
        {
            Id = "up",
            Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = upstream.Address } },
            Limits = new() { Adaptive = adaptive ?? new() },
        }).AddClusters(new Cluster { Id = "nowhere" }),
        map: app => Map(app, adaptive));

    /// <summary>Waits until so many requests have come to a handler.</summary>
    public async Task BegunAsync(int count)
    {
        for (var look = 0; Begun < count; look++)
        {
            Assert.True(look < 2_000, $"Only {Begun} of {count} have begun.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Answers as the path says.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref _begun);
        var path = context.Request.Path.Value!;
        context.Response.StatusCode = path.Contains("/status/", StringComparison.Ordinal) ? int.Parse(path[^3..], System.Globalization.CultureInfo.InvariantCulture) : 200;
        if (path.EndsWith("/events", StringComparison.Ordinal))
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: first\n\n");
        }
        else if (path.EndsWith("/grpc", StringComparison.Ordinal))
        {
            context.Response.ContentType = "application/grpc";
        }
        else if (path.EndsWith("/reset", StringComparison.Ordinal))
        {
            context.Abort();
        }
        else if (path.EndsWith("/late", StringComparison.Ordinal))
        {
            await Released.Task.WaitAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Map(WebApplication app, AdaptiveLimit? adaptive)
    {
        app.MapGatewayRoute("/cluster/{**rest}", cluster: "up");
        app.MapGatewayRoute("/route/{**rest}", cluster: "up").WithAdaptiveConcurrency();
        app.MapGatewayRoute("/nowhere", cluster: "nowhere").WithAdaptiveConcurrency();
        app.MapGet("/one/{**rest}", AnswerAsync).WithBulkhead(new BulkheadPolicy { MaxInFlight = 100, Adaptive = adaptive ?? new() });
        app.MapGet("/own/{**rest}", AnswerAsync).WithAdaptiveConcurrency();
        app.MapGet("/own/result", static () => Results.Ok("well")).WithAdaptiveConcurrency();
        app.MapGet("/own/throws", static string () => throw new InvalidOperationException("The database is away.")).WithAdaptiveConcurrency();
        app.MapGet("/own/overdue", static (CancellationToken late) => Task.Delay(Timeout.Infinite, late)).WithAdaptiveConcurrency().WithTimeout(TimeSpan.FromMilliseconds(50));
        app.MapGet("/own/refused", static () => Results.Ok()).WithName("refused").WithAdaptiveConcurrency().WithCircuitBreaker();
        app.MapGet("/own/long", async context =>
        {
            await context.Response.WriteAsync("begin");
            await context.Response.Body.FlushAsync();
            await Released.Task;
            await context.Response.WriteAsync("end");
        }).WithAdaptiveConcurrency();
    }
}
