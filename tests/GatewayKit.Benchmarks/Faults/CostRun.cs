using System.Diagnostics;
using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Polly;

namespace GatewayKit.Benchmarks.Faults;

/// <summary>
/// What retries, circuit breaker, time-outs and health cost a request while nothing fails: the same route with and without them, in front of a handler
/// that answers at once, in turns. Beside it Polly's own time-out, retry and breaker around nothing.
/// </summary>
internal static class CostRun
{
    private const int Rounds = 15;
    private const int RequestsPerRound = 20_000;

    public static async Task RunAsync()
    {
        Console.WriteLine($"Cost of resilience while nothing fails: best of {Rounds} rounds of {RequestsPerRound:N0} requests each, in turns");
        await using var app = await StartAsync();
        var endpoints = app.Services.GetRequiredService<EndpointDataSource>().Endpoints;
        var measured = new (string Name, Func<Task> Run, Best Best)[]
        {
            ("one destination, nothing on", Requests(endpoints, "bare"), new()),
            ("three destinations, nothing on", Requests(endpoints, "plain"), new()),
            ("three destinations, retries, breaker, time-outs and health on", Requests(endpoints, "all"), new()),
            ("Polly's own time-out, retry and breaker", Polly(), new()),
        };
        for (var round = 0; round <= Rounds; round++)
        {
            foreach (var (_, run, best) in measured)
            {
                GC.Collect();
                var (bytes, start) = (GC.GetTotalAllocatedBytes(precise: true), Stopwatch.GetTimestamp());
                await run();

                // The first round compiles.
                if (round > 0)
                {
                    best.Note(Stopwatch.GetElapsedTime(start).TotalNanoseconds / RequestsPerRound, (GC.GetTotalAllocatedBytes(precise: true) - bytes) / (double)RequestsPerRound);
                }
            }
        }

        foreach (var (name, _, best) in measured)
        {
            Console.WriteLine($"  {name}: {best.Nanoseconds:N0} ns, {best.Bytes:N0} bytes");
        }

        Console.WriteLine($"  all on, over three destinations with nothing on: +{measured[2].Best.Nanoseconds - measured[1].Best.Nanoseconds:N0} ns, +{measured[2].Best.Bytes - measured[1].Best.Bytes:N0} bytes; "
            + $"over one destination: +{measured[2].Best.Nanoseconds - measured[0].Best.Nanoseconds:N0} ns, +{measured[2].Best.Bytes - measured[0].Best.Bytes:N0} bytes");
    }

    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var off = new Cluster
        {
            Id = "bare",
            Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = new("http://10.0.0.1") } },
            CircuitBreaker = new() { Mode = PolicyMode.Off },
            Health = new() { Outliers = new() { Mode = PolicyMode.Off }, SlowStart = new() { Mode = PolicyMode.Off } },
            Retry = new() { Mode = PolicyMode.Off },
        };
        var three = Enumerable.Range(1, 3).ToDictionary(static i => $"{i}", static i => new Destination { Address = new($"http://10.0.0.{i}") });
        Cluster[] clusters =
        [
            off,
            off with { Id = "plain", Destinations = three },
            new() { Id = "all", Destinations = three, Retry = new(), Timeouts = new() { Total = TimeSpan.FromSeconds(30), Attempt = TimeSpan.FromSeconds(10) } },
        ];
        var gateway = builder.Services.AddApiGateway(static options => (options.DrainDelay, options.StartTraces) = (TimeSpan.Zero, false)).AddClusters(clusters)
            .AddRoutes(clusters.Select(static cluster => new GatewayRoute { Id = cluster.Id, Match = new() { Path = $"/{cluster.Id}" }, Cluster = cluster.Id }));
        foreach (var cluster in clusters)
        {
            gateway.UseUpstreamHandler(cluster.Id, static () => new AtOnce());
        }

        var app = builder.Build();
        app.MapGatewayRoutes();
        await app.StartAsync();
        return app;
    }

    private static Func<Task> Requests(IReadOnlyList<Endpoint> endpoints, string id)
    {
        var endpoint = endpoints.OfType<RouteEndpoint>().Single(endpoint => endpoint.RoutePattern.RawText == $"/{id}");
        return async () =>
        {
            for (var i = 0; i < RequestsPerRound; i++)
            {
                var context = new DefaultHttpContext { RequestServices = null! };
                context.SetEndpoint(endpoint);
                (context.Request.Method, context.Request.Path, context.Request.Protocol, context.Request.Scheme) = ("GET", $"/{id}", "HTTP/1.1", "http");
                context.Request.Host = new("gateway");
                context.Features.Get<IHttpRequestFeature>()!.RawTarget = $"/{id}";
                context.Response.Body = Stream.Null;
                await endpoint.RequestDelegate!(context);
            }
        };
    }

    private static Func<Task> Polly()
    {
        var pipeline = new ResiliencePipelineBuilder<int>().AddTimeout(TimeSpan.FromSeconds(30)).AddRetry(new()).AddCircuitBreaker(new()).Build();
        return async () =>
        {
            for (var i = 0; i < RequestsPerRound; i++)
            {
                await pipeline.ExecuteAsync(static async _ =>
                {
                    await Task.Yield();
                    return 1;
                });
            }
        };
    }

    /// <summary>Answers, but not before the caller has left: a destination never answers at once.</summary>
    private sealed class AtOnce : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return new(HttpStatusCode.NoContent);
        }
    }

    private sealed class Best
    {
        public double Nanoseconds { get; private set; } = double.MaxValue;

        public double Bytes { get; private set; } = double.MaxValue;

        public void Note(double nanoseconds, double bytes) => (Nanoseconds, Bytes) = (Math.Min(Nanoseconds, nanoseconds), Math.Min(Bytes, bytes));
    }
}
