using GatewayKit.Clusters;
using GatewayKit.Diagnostics;

namespace GatewayKit.Tests.Clusters.Health;

/// <summary>What a reload, also one that is refused, may make of health.</summary>
public sealed class ReloadedHealthTests : IDisposable
{
    private readonly WatchedCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public void Configuration_that_is_refused_gives_no_ejected_destination_back()
    {
        _cluster.Apply(WatchedCluster.Of(3));
        _cluster["a"].Circuit.Trip("outlier", 20, 19);
        _cluster.Reject(WatchedCluster.Of(3, new() { PanicThreshold = 100 }));
        Assert.Equal("bc", _cluster.Available);

        // In force they are what counts.
        _cluster.Apply(WatchedCluster.Of(3, new() { PanicThreshold = 100 }));
        Assert.Equal("abc", _cluster.Available);
    }

    [Fact]
    public void Panic_that_a_reload_ends_or_begins_is_told()
    {
        var calm = WatchedCluster.Of(2, new() { Active = new() { Path = "/health" }, PanicThreshold = 0 });
        var easily = WatchedCluster.Of(2, new() { Active = new() { Path = "/health" }, PanicThreshold = 100 });
        _cluster.Answer = static (destination, _, _) => WatchedCluster.Answers(destination is "a" ? System.Net.HttpStatusCode.InternalServerError : System.Net.HttpStatusCode.OK);
        _cluster.Apply(calm);
        for (var i = 0; i < 60; i++)
        {
            _cluster.Time.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal("b", _cluster.Available);
        _cluster.Apply(easily);
        Assert.Single(_cluster.Log.Of(EventIds.PanicBegan));
        _cluster.Apply(calm);
        Assert.Single(_cluster.Log.Of(EventIds.PanicEnded));
    }

    [Fact]
    public void Request_that_comes_while_sweeps_end_keeps_them_going()
    {
        _cluster.Apply(WatchedCluster.Of(2));
        var vitals = _cluster.State.Vitals!;
        vitals.NoteRequest();
        vitals.TakeTraffic();
        vitals.NoteRequest();
        vitals.EndSweeps();
        Assert.True(vitals.IsSwept);
    }

    [Fact]
    public void Destination_that_takes_nothing_is_no_other_one()
    {
        var cluster = WatchedCluster.Of(2);
        _cluster.Apply(cluster with { Destinations = cluster.Destinations.ToDictionary(static one => one.Key, static one => one.Value with { Weight = one.Key is "a" ? 1 : 0 }) });
        var tried = default(TriedDestinations);
        Assert.True(_cluster.State.HasCandidate(tried));
        tried.Add(_cluster.State.Destinations.Single(static one => one.Id is "a"));
        Assert.False(_cluster.State.HasCandidate(tried));
    }
}
