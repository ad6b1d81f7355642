using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Health;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;

namespace GatewayKit.Tests.Clusters.Health;

public sealed class AvailabilityTests : IDisposable
{
    private readonly WatchedCluster _cluster = new();

    // What each destination is: + well, o circuit open, u unhealthy by checks, e ejected, i isolated, d draining. What is left, and why there is none.
    [Theory]
    [InlineData("++", 50, "ab", "None")]
    [InlineData("o+", 50, "b", "None")]
    [InlineData("oo", 50, "", "CircuitsOpen")]
    [InlineData("ii", 50, "", "NoneHealthy")]
    [InlineData("io", 50, "", "CircuitsOpen")]
    [InlineData("d+", 50, "b", "None")]
    [InlineData("dd", 50, "", "NoneHealthy")]
    [InlineData("u+", 50, "b", "None")]
    [InlineData("e+", 50, "b", "None")]

    // Panic: fewer than half are left by checks and ejections.
    [InlineData("uu", 50, "ab", "None")]
    [InlineData("u++", 50, "bc", "None")]
    [InlineData("uu+", 50, "abc", "None")]
    [InlineData("uu+", 33, "c", "None")]
    [InlineData("uu", 0, "", "NoneHealthy")]
    [InlineData("u", 50, "a", "None")]
    [InlineData("uuo", 50, "ab", "None")]

    // No panic around circuits, whatever checks say.
    [InlineData("oou", 50, "", "CircuitsOpen")]
    [InlineData("ooo", 100, "", "CircuitsOpen")]
    [InlineData("uio", 50, "", "CircuitsOpen")]

    // Those that were only worse are given back first, and before nobody is left.
    [InlineData("eu+", 50, "ac", "None")]
    [InlineData("eo", 50, "a", "None")]
    [InlineData("ei", 50, "a", "None")]
    [InlineData("eu", 0, "a", "None")]
    [InlineData("euu", 50, "abc", "None")]

    // What drains is no part of the fleet any more.
    [InlineData("du+", 50, "c", "None")]
    [InlineData("ddu", 50, "c", "None")]
    public void Destinations_are_narrowed_in_order(string fleet, double panicThreshold, string available, string refusal)
    {
        _cluster.Apply(WatchedCluster.Of(fleet.Length, new() { Active = new() { Path = "/health" }, PanicThreshold = panicThreshold }));
        for (var i = 0; i < fleet.Length; i++)
        {
            Put($"{(char)('a' + i)}", fleet[i]);
        }

        _cluster.State.Refresh();
        Assert.Equal(available, _cluster.Available);
        Assert.Equal(refusal, Refusal());
        Assert.Equal(available.Length, _cluster.Observe("gatewaykit.health.available"));
        Assert.Equal(available.Length, _cluster.Clusters.Get(WatchedCluster.Id).Destinations.Count(static destination => destination.Health.IsAvailable));
    }

    [Fact]
    public void Open_circuits_say_when_one_may_be_closed_again()
    {
        _cluster.Apply(WatchedCluster.Of(3));
        _cluster["a"].Circuit.Isolate();
        _cluster["b"].Circuit.Trip("test", 1, 1);
        _cluster.Time.Advance(TimeSpan.FromSeconds(2));
        _cluster["c"].Circuit.Trip("test", 1, 1);
        Assert.Equal(PickRefusal.CircuitsOpen, _cluster.TryBegin(out _));
        Assert.Equal(_cluster["b"].Circuit.RetryAfter, _cluster.State.RetryAfter);
        Assert.InRange(_cluster.State.RetryAfter!.Value.TotalSeconds, 2, 4);
    }

    [Fact]
    public void Destination_is_tried_again_when_its_time_has_come_without_anybody_saying_so()
    {
        _cluster.Apply(WatchedCluster.Of(1));
        _cluster["a"].Circuit.Trip("test", 1, 1);
        Assert.Null(_cluster.Call());
        _cluster.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("a", _cluster.Call());
    }

    [Fact]
    public void Picks_read_no_clock_while_nothing_changes_by_time()
    {
        _cluster.Apply(WatchedCluster.Of(3));
        var available = _cluster.State.Availability;
        _cluster.Time.Advance(TimeSpan.FromHours(1));
        Assert.False(available.IsOver(null!));
        Assert.Same(available, _cluster.State.Availability);
    }

    [Fact]
    public void Change_during_a_look_is_seen_by_the_next_pick()
    {
        _cluster.Apply(WatchedCluster.Of(2));
        _cluster["a"].Circuit.Isolate();
        Assert.Equal("b", _cluster.Available);
        _cluster["a"].Circuit.Close();
        Assert.Equal("ab", _cluster.Available);
    }

    [Fact]
    public void Panic_is_told_when_it_begins_and_ends()
    {
        _cluster.Apply(WatchedCluster.Of(2, new() { Active = new() { Path = "/health" } }));
        Put("a", 'u');
        Put("b", 'u');
        _cluster.State.Refresh();
        Assert.Equal(1, _cluster.Measured["gatewaykit.health.panic"]);
        Assert.True(_cluster.Clusters.Get(WatchedCluster.Id).IsPanic);
        Assert.Contains("0 of 2", Assert.Single(_cluster.Log.Of(EventIds.PanicBegan)).Line, StringComparison.Ordinal);
        Put("b", 'h');
        _cluster.State.Refresh();
        Assert.Equal(0, _cluster.Measured["gatewaykit.health.panic"]);
        Assert.Single(_cluster.Log.Of(EventIds.PanicEnded));
    }

    [Fact]
    public void Panic_of_a_cluster_that_leaves_is_over()
    {
        _cluster.Apply(WatchedCluster.Of(1, new() { Active = new() { Path = "/health" } }));
        Put("a", 'u');
        _cluster.State.Refresh();
        _cluster.Apply(null);
        Assert.Equal(0, _cluster.Measured["gatewaykit.health.panic"]);

        // Nothing is believed again: there is nothing left to believe.
        Assert.Empty(_cluster.Log.Of(EventIds.PanicEnded));
    }

    [Fact]
    public void Health_checks_in_shadow_keep_nothing_out()
    {
        _cluster.Apply(WatchedCluster.Of(3, new() { Active = new() { Path = "/health", Mode = PolicyMode.Shadow } }));
        Put("a", 'u');
        _cluster.State.Refresh();
        Assert.Equal("abc", _cluster.Available);
    }

    [Fact]
    public void Destination_awaits_its_first_check_where_that_is_required()
    {
        var first = new TaskCompletionSource<HttpResponseMessage>();
        _cluster.Answer = (destination, _, _) => destination is "a" ? first.Task : WatchedCluster.Answers(HttpStatusCode.ServiceUnavailable);
        _cluster.Apply(WatchedCluster.Of(2, new() { Active = new() { Path = "/health" }, RequireFirstProbe = true }));
        Assert.Equal(PickRefusal.NoneHealthy, _cluster.TryBegin(out _));
        Assert.False(_cluster.Clusters.Get(WatchedCluster.Id).IsPanic);
        first.SetResult(new(HttpStatusCode.OK));
        Assert.Equal("a", _cluster.Available);
    }

    [Fact]
    public void Lone_destination_that_recovers_gets_its_share_of_the_requests()
    {
        _cluster.Apply(WatchedCluster.Of(1));
        _cluster["a"].Circuit.Trip("test", 1, 1);
        _cluster.Time.Advance(TimeSpan.FromSeconds(6));
        for (var i = 0; i < 3; i++)
        {
            Assert.NotNull(_cluster.Call());
        }

        Assert.Equal(CircuitState.Recovering, _cluster["a"].Circuit.State);
        Assert.InRange(Enumerable.Range(0, 1_000).Count(_ => _cluster.Call() is not null), 60, 140);
        _cluster.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.InRange(Enumerable.Range(0, 1_000).Count(_ => _cluster.Call() is not null), 430, 570);
        _cluster.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1_000, Enumerable.Range(0, 1_000).Count(_ => _cluster.Call() is not null));
    }

    [Fact]
    public void Circuit_that_has_places_for_a_few_sends_the_others_elsewhere()
    {
        _cluster.Apply(WatchedCluster.Of(2));
        _cluster["a"].Circuit.Trip("test", 1, 1);
        _cluster.Time.Advance(TimeSpan.FromSeconds(6));
        var leases = Enumerable.Range(0, 200).Select(_ =>
        {
            Assert.Equal(PickRefusal.None, _cluster.TryBegin(out var lease));
            return lease;
        }).ToArray();
        Assert.Equal(3, leases.Count(static lease => lease.IsProbe));
        Assert.Equal(197, leases.Count(static lease => lease.Destination.Id == "b"));
    }

    public void Dispose() => _cluster.Dispose();

    private string Refusal() => _cluster.TryBegin(out _).ToString();

    private void Put(string destination, char state)
    {
        var (health, settings) = (_cluster[destination], new ActiveHealth { UnhealthyAfter = 1, HealthyAfter = 1 });
        switch (state)
        {
            case 'o':
                health.Circuit.Trip("test", 1, 1);
                break;
            case 'e':
                health.Circuit.Trip(DestinationHealth.Outlier, 1, 1);
                break;
            case 'i':
                health.Circuit.Isolate();
                break;
            case 'u' or 'h':
                health.Probes.Note(state is 'h', settings);
                break;
            case 'd':
                _cluster.Clusters.Drain(WatchedCluster.Id, destination);
                break;
        }
    }
}
