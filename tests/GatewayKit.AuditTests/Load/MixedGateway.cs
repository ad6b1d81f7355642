using System.Net;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Throttling;
using GatewayKit.WireTests.Aborts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.AuditTests.Load;

/// <summary>A gateway that records everything, with a route for each thing that may become of a request. Its limits are short, so that what hangs fits into a run.</summary>
internal sealed class MixedGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly BlackHole _hole;

    private MixedGateway(WebApplication app, BlackHole hole)
    {
        (_app, _hole) = (app, hole);
        Ports = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(static address => new Uri(address).Port)];
    }

    /// <summary>Where HTTP/1.1 is spoken, and where HTTP/2 is.</summary>
    public IReadOnlyList<int> Ports { get; }

    private AuditJournal Journal => _app.Services.GetRequiredService<AuditTrail>().Journal!;

    public static async Task<MixedGateway> StartAsync(string journal, AuditDelivery delivery, IReadOnlyList<Uri> destinations)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static options =>
        {
            options.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
            options.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<GatewayOptions>(options =>
        {
            options.DrainDelay = TimeSpan.Zero;
            options.Journal = new() { Directory = journal, LogCheckpoints = true };
        });
        var hole = new BlackHole();
        builder.Services.AddApiGateway().AddClusters(
        [
            Cluster("up", destinations),
            Cluster("faulty", destinations) with { Retry = new() { BaseDelay = TimeSpan.FromMilliseconds(1) } },
            Cluster("retried", destinations) with { Retry = new() { BaseDelay = TimeSpan.FromMilliseconds(100), MaxDelay = TimeSpan.FromMilliseconds(200) } },
            Cluster("queue", destinations.Take(1)) with { Http = new() { MaxConnections = 1 } },
            Cluster("refused", [new("http://127.0.0.1:1")]),
            Cluster("unresolved", [new("http://nobody.invalid")]),
            Cluster("tls", [new UriBuilder(destinations[0]) { Scheme = "https" }.Uri]),
            Cluster("hole", [hole.Address]),
        ]);
        var app = builder.Build();
        app.Use(static (context, next) => context.Request.Headers.ContainsKey("x-stop") ? StopAsync(context) : next(context));
        app.UseRouting();
        var audit = new AuditPolicy { Delivery = delivery, RequestHeaders = ["x-test-id"] };
        foreach (var cluster in (ReadOnlySpan<string>)["up", "faulty", "retried", "queue", "refused", "unresolved", "tls", "hole"])
        {
            app.MapGatewayRoute($"/{cluster}/{{**rest}}", cluster).WithAuditing(audit);
        }

        app.MapGatewayRoute("/denied/{**rest}", "up").WithAuditing(audit).RequireApiKey();
        app.MapGatewayRoute("/throttled/{**rest}", "up").WithAuditing(audit).WithThrottling(new() { RequestsPerSecond = 20, Partition = ThrottlePartition.ClientAddress });
        app.MapGet("/host/{id}", static (string id) => id).WithAuditing(audit);
        await app.StartAsync();
        return new(app, hole);
    }

    /// <summary>Whether everything is given back: places at destinations and in their queues, tunnels, and in the journal.</summary>
    public bool IsQuiet()
    {
        var destinations = _app.Services.GetRequiredService<ClusterStates>().InForce.Values.SelectMany(static cluster => cluster.Destinations).ToArray();
        return destinations.Sum(static destination => destination.InFlight) == 0
            && destinations.Sum(static destination => destination.Use.Queue?.Waiting ?? 0) == 0
            && _app.Services.GetRequiredService<Tunnels>().Count == 0
            && Journal is { InFlight: 0, QueuedLines: 0 };
    }

    public string Describe() => $"{Journal.InFlight} in flight, {Journal.QueuedLines} lines on their way in the journal; {_app.Services.GetRequiredService<Tunnels>().Count} tunnels; "
        + string.Join(", ", _app.Services.GetRequiredService<ClusterStates>().InForce.Values.SelectMany(static cluster => cluster.Destinations).Select(static destination => destination.InFlight));

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _hole.Dispose();
    }

    private static Cluster Cluster(string id, IEnumerable<Uri> destinations) => new()
    {
        Id = id,
        Destinations = destinations.Select(static (address, number) => (address, number)).ToDictionary(static one => $"d{one.number}", static one => new Destination { Address = one.address }),

        // Each fault is to be met, time and again.
        CircuitBreaker = new() { Mode = PolicyMode.Off },
        Timeouts = new() { Connect = TimeSpan.FromMilliseconds(250), Attempt = TimeSpan.FromMilliseconds(400), Idle = TimeSpan.FromMilliseconds(400), Total = TimeSpan.FromSeconds(1) },
    };

    private static Task StopAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}
