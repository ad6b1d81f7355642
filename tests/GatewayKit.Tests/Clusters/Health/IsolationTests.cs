using GatewayKit.Clusters;
using GatewayKit.Clusters.Health;
using GatewayKit.Diagnostics;
using GatewayKit.Resilience;

namespace GatewayKit.Tests.Clusters.Health;

public sealed class IsolationTests : IDisposable
{
    private readonly WatchedCluster _cluster = new WatchedCluster().Apply(WatchedCluster.Of(2));

    [Fact]
    public void Isolated_destination_gets_nothing_until_it_is_closed()
    {
        _cluster.Clusters.Isolate("ORDERS", "a");
        Assert.All(Enumerable.Range(0, 50), _ => Assert.Equal("b", _cluster.Call()));
        Assert.Equal((CircuitState.Isolated, "isolated", false), (Status("a").Breaker, Status("a").Reason, Status("a").IsAvailable));
        _cluster.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal("b", _cluster.Available);
        _cluster.Clusters.Close("orders", "a");
        Assert.Equal("ab", _cluster.Available);
        Assert.Single(_cluster.Log.Of(EventIds.DestinationIsolated));
        Assert.Single(_cluster.Log.Of(EventIds.DestinationClosed));
    }

    [Fact]
    public void Isolated_destinations_are_none_that_fail()
    {
        _cluster.Clusters.Isolate("orders", "a");
        _cluster.Clusters.Isolate("orders", "b");
        Assert.Equal(PickRefusal.NoneHealthy, _cluster.TryBegin(out _));
        Assert.Null(_cluster.State.RetryAfter);

        // One that fails is worth another try in a moment.
        _cluster.Clusters.Close("orders", "b");
        _cluster["b"].Circuit.Trip("failures-in-a-row", 5, 5);
        Assert.Equal(PickRefusal.CircuitsOpen, _cluster.TryBegin(out _));
        Assert.NotNull(_cluster.State.RetryAfter);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("weight")]
    [InlineData("circuit")]
    [InlineData("health")]
    public void Isolation_survives_a_reload(string change)
    {
        _cluster.Clusters.Isolate("orders", "a");
        var cluster = WatchedCluster.Of(2) with { LoadBalancing = LoadBalancing.Random };
        _cluster.Apply(change switch
        {
            "weight" => cluster with { Destinations = cluster.Destinations.ToDictionary(static entry => entry.Key, static entry => entry.Value with { Weight = 3 }) },
            "circuit" => cluster with { CircuitBreaker = new() { MinResults = 7 } },
            "health" => cluster with { Health = new() { PanicThreshold = 10 } },
            _ => cluster,
        });
        Assert.Equal("b", _cluster.Available);
    }

    [Fact]
    public void Destination_that_left_and_came_back_is_another_one()
    {
        _cluster.Clusters.Isolate("orders", "b");
        _cluster.Apply(WatchedCluster.Of(1)).Apply(WatchedCluster.Of(2));
        Assert.Equal("ab", _cluster.Available);
    }

    [Fact]
    public void Destination_at_another_address_is_another_one()
    {
        _cluster.Clusters.Isolate("orders", "a");
        _cluster.Apply(WatchedCluster.Of(2) with { Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = new("http://hostz") } } });
        Assert.Equal("a", _cluster.Available);
    }

    [Fact]
    public void Results_of_calls_under_former_settings_change_nothing()
    {
        _cluster.TryBegin(out var lease);
        var destination = lease.Destination;
        _cluster.Apply(WatchedCluster.Of(2) with { CircuitBreaker = new() { FailuresInARow = 1 } });
        WatchedCluster.End(lease, 503);
        Assert.Equal(CircuitState.Closed, destination.Health!.Circuit.State);
    }

    [Fact]
    public void Typing_errors_are_told_with_the_nearest_name()
    {
        Assert.Contains("'orders'", Assert.Throws<ArgumentException>(() => _cluster.Clusters.Isolate("oders", "a")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _cluster.Clusters.Close("orders", "z"));
    }

    public void Dispose() => _cluster.Dispose();

    private DestinationHealthStatus Status(string destination) => _cluster.Clusters.Get("orders").Destinations.Single(one => one.Id == destination).Health;
}
