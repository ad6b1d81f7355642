using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Throttling;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Lifecycle;

/// <summary>A kind of state that a reload keeps: how it comes to be, and how one sees that it is there.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Survives">Which reloads it survives.</param>
/// <param name="UseAsync">Makes some of it, through the gateway.</param>
/// <param name="CheckAsync">Fails if it is gone.</param>
internal sealed record KeptState(string Name, Reload Survives, Func<ReloadedGateway, Task> UseAsync, Func<ReloadedGateway, Task> CheckAsync)
{
    /// <summary>Every kind. Whoever adds state to a cluster, a destination or a policy adds it here.</summary>
    public static IReadOnlyList<KeptState> All { get; } =
    [
        new("requests in flight", Reload.Any, static gateway => gateway.BeginAsync(), static gateway =>
        {
            Assert.Equal(1, gateway.Clusters.Get("c").Destinations.Sum(static destination => destination.InFlight));
            return gateway.FinishAsync("first");
        }),
        new("turn of round robin", Reload.Elsewhere, static async gateway => gateway.Noted = await gateway.AskAsync(), static async gateway =>
        {
            // The first turn is anybody's; the one after it is the other's.
            Assert.NotNull(gateway.Noted);
            Assert.NotEqual(gateway.Noted, await gateway.AskAsync());
        })
        {
            Cluster = static cluster => cluster with { LoadBalancing = LoadBalancing.RoundRobin },
        },
        new("connections", Reload.Any, static gateway => gateway.AskAsync(), static async gateway =>
        {
            var before = gateway.Connections;
            await gateway.AskAsync();
            Assert.Equal(before, gateway.Connections);
        })
        {
            Cluster = static cluster => cluster with { Destinations = cluster.Destinations.Take(1).ToDictionary() },
        },
        new("allowance of a throttle", Reload.Any, static async gateway => Assert.Equal(200, await gateway.StatusAsync()), static async gateway => Assert.Equal(429, await gateway.StatusAsync()))
        {
            Policies = [new ThrottlePolicy { RequestsPerSecond = 0.001, Burst = 1 }],
        },
        new("drain by hand", Reload.Any, static gateway =>
        {
            gateway.Clusters.Drain("c", "first", TimeSpan.FromHours(1));
            return Task.CompletedTask;
        }, static async gateway =>
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal("second", await gateway.AskAsync());
            }
        }),
        new("budget of retries", Reload.Any, static async gateway =>
        {
            // Three retries may be made at once; both destinations fail.
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal(503, await gateway.StatusAsync("/failing"));
            }
        }, static async gateway =>
        {
            var before = gateway.Requests;
            Assert.Equal(503, await gateway.StatusAsync("/failing"));
            Assert.Equal(before + 1, gateway.Requests);
        })
        {
            Cluster = static cluster => cluster with { Retry = new() { BaseDelay = TimeSpan.Zero, Budget = new() { Ratio = 0.001, MinPerSecond = 0.01, Window = TimeSpan.FromMinutes(5) } } },
        },
    ];

    /// <summary>What the cluster is like.</summary>
    public Func<Cluster, Cluster> Cluster { get; init; } = static cluster => cluster;

    /// <summary>What the route asks for.</summary>
    public IReadOnlyList<IGatewayPolicy> Policies { get; init; } = [];

    public override string ToString() => Name;
}

/// <summary>What a reload changes.</summary>
[Flags]
internal enum Reload
{
    /// <summary>A cluster and a route that have nothing to do with it.</summary>
    Elsewhere = 1,

    /// <summary>Another setting of the cluster.</summary>
    Setting = 2,

    /// <summary>Another destination of the cluster comes.</summary>
    Destination = 4,

    /// <summary>All of these.</summary>
    Any = Elsewhere | Setting | Destination,
}
