using GatewayKit.Clusters.Health;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;

namespace GatewayKit.Tests.Clusters.Health;

/// <summary>Fleets as small as an embedded gateway has them.</summary>
public sealed class EjectionTests : IDisposable
{
    private const int CallsPerSecond = 100;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly WatchedCluster _cluster = new();
    private readonly Random _random = new(7);

    [Theory]
    [Trait("Fault", "U21")]
    [InlineData(2, "dead")]
    [InlineData(3, "dead")]
    [InlineData(5, "dead")]
    [InlineData(2, "slow")]
    [InlineData(3, "slow")]
    [InlineData(5, "slow")]
    [InlineData(2, "errors")]
    [InlineData(3, "errors")]
    [InlineData(5, "errors")]
    [InlineData(2, "flapping")]
    [InlineData(3, "flapping")]
    [InlineData(5, "flapping")]
    public void Ill_destination_is_left_alone_within_two_windows_and_never_all_are(int destinations, string illness)
    {
        _cluster.Apply(WatchedCluster.Of(destinations));
        var outAt = TimeSpan.MaxValue;
        Serve(TimeSpan.FromSeconds(60), destination => destination == "a" && IsIll(illness), illness is "errors" ? 500 : 504, at =>
        {
            var open = _cluster.State.Destinations.Where(static one => one.Health!.Circuit.State is CircuitState.Open).ToArray();
            Assert.DoesNotContain(open, static one => one.Id != "a");
            outAt = open.Length > 0 && at < outAt ? at : outAt;
        });

        Assert.True(outAt <= Window * 2, $"Left alone after {outAt}.");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Errors_that_meet_all_alike_eject_none(int destinations)
    {
        _cluster.Apply(WatchedCluster.Of(destinations));
        Serve(TimeSpan.FromSeconds(60), _ => _random.NextDouble() < 0.45, 500);
        Assert.False(_cluster.Measured.ContainsKey("gatewaykit.health.ejections ejected"));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(5, 2)]
    public void At_most_half_are_ejected_however_many_do_worse(int destinations, int most)
    {
        _cluster.Apply(WatchedCluster.Of(destinations, new() { Outliers = new() { Distance = 1 } }));

        // Each is worse than the ones before it by far.
        Serve(TimeSpan.FromSeconds(90), destination => _random.NextDouble() < (destination[0] - 'a') / (double)destinations, 500,
            _ => Assert.InRange(_cluster.State.Destinations.Count(static one => one.Health!.IsEjected), 0, most));
        Assert.True(_cluster.Measured["gatewaykit.health.ejections ejected"] > 0);
    }

    [Fact]
    public void Lone_destination_is_never_ejected()
    {
        _cluster.Apply(WatchedCluster.Of(1));
        Serve(TimeSpan.FromSeconds(60), static _ => true, 500);
        Assert.Equal(CircuitState.Closed, _cluster["a"].Circuit.State);
    }

    [Fact]
    public void Destination_that_is_well_again_comes_back_by_the_steps_of_its_circuit()
    {
        _cluster.Apply(WatchedCluster.Of(3));
        Serve(TimeSpan.FromSeconds(12), destination => destination == "a" && _random.NextDouble() < 0.4, 500);
        Assert.True(_cluster["a"].IsEjected);
        var seen = new List<CircuitState>();
        Serve(TimeSpan.FromSeconds(30), static _ => false, 500, _ =>
        {
            var state = _cluster["a"].Circuit.State;
            if (seen.Count == 0 || seen[^1] != state)
            {
                seen.Add(state);
            }
        });
        Assert.Equal([CircuitState.Open, CircuitState.Recovering, CircuitState.Closed], seen.Where(static state => state is not CircuitState.HalfOpen));
        Assert.False(_cluster["a"].IsEjected);
        Assert.All(_cluster.Log.Of(EventIds.DestinationEjected), static told => Assert.Contains("Destination a of cluster orders", told.Line, StringComparison.Ordinal));
    }

    [Fact]
    public void Ejection_in_shadow_is_counted_once_and_leaves_the_destination_in_use()
    {
        _cluster.Apply(WatchedCluster.Of(3, new() { Outliers = new() { Mode = PolicyMode.Shadow } }));
        Serve(TimeSpan.FromSeconds(60), destination => destination == "a" && _random.NextDouble() < 0.4, 500);
        Assert.Equal(CircuitState.Closed, _cluster["a"].Circuit.State);
        Assert.InRange(_cluster.Measured["gatewaykit.health.ejections shadow"], 1, 3);
        Assert.False(_cluster.Measured.ContainsKey("gatewaykit.health.ejections ejected"));
    }

    [Fact]
    public void Ejection_that_is_off_costs_no_destination()
    {
        _cluster.Apply(WatchedCluster.Of(3, new() { Outliers = new() { Mode = PolicyMode.Off } }));
        Serve(TimeSpan.FromSeconds(60), destination => destination == "a" && _random.NextDouble() < 0.4, 500);
        Assert.Equal(CircuitState.Closed, _cluster["a"].Circuit.State);
    }

    [Fact]
    public void Destination_is_spared_where_checks_have_taken_others()
    {
        // Of three, one is out by its checks: to eject another would leave a third, which is panic.
        _cluster.Answer = static (destination, _, _) => WatchedCluster.Answers(destination is "b" ? System.Net.HttpStatusCode.ServiceUnavailable : System.Net.HttpStatusCode.OK);
        _cluster.Apply(WatchedCluster.Of(3, new() { Active = new() { Path = "/health", Interval = TimeSpan.FromSeconds(1) } }));
        Serve(TimeSpan.FromSeconds(60), destination => destination == "a" && _random.NextDouble() < 0.4, 500);
        Assert.Equal("ac", _cluster.Available);
        Assert.True(_cluster.Measured["gatewaykit.health.ejections limit"] > 0);
        Assert.False(_cluster.Measured.ContainsKey("gatewaykit.health.panic"));
    }

    [Fact]
    public void Sweep_stands_still_without_requests()
    {
        _cluster.Apply(WatchedCluster.Of(2));
        Assert.False(_cluster.State.Vitals!.IsSwept);
        _cluster.Call();
        Assert.True(_cluster.State.Vitals!.IsSwept);
        for (var i = 0; i < 30; i++)
        {
            _cluster.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(_cluster.State.Vitals!.IsSwept);
        _cluster.Call();
        Assert.True(_cluster.State.Vitals!.IsSwept);
    }

    public void Dispose() => _cluster.Dispose();

    // Flapping once a second: half of the time all fails.
    private bool IsIll(string illness) => illness switch
    {
        "errors" => _random.NextDouble() < 0.3,
        "flapping" => _cluster.Time.GetElapsedTime(0).TotalMilliseconds % 1_000 < 500,
        _ => true,
    };

    private void Serve(TimeSpan time, Func<string, bool> fails, int status, Action<TimeSpan>? look = null)
    {
        var began = _cluster.Time.GetTimestamp();
        for (var at = TimeSpan.Zero; at < time; at = _cluster.Time.GetElapsedTime(began))
        {
            _cluster.Call(fails, status);
            look?.Invoke(at);
            _cluster.Time.Advance(TimeSpan.FromSeconds(1) / CallsPerSecond);
        }
    }
}
