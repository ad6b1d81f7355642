using GatewayKit.Clusters;
using GatewayKit.Clusters.Health;
using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Clusters.Health;

public sealed class SlowStartTests : IDisposable
{
    private readonly WatchedCluster _cluster = new();

    [Theory]
    [InlineData(0, 1, 0.1)]
    [InlineData(0.9, 1, 0.1)]
    [InlineData(1, 1, 0.1)]
    [InlineData(2, 1, 0.2)]
    [InlineData(5, 1, 0.5)]
    [InlineData(9.5, 1, 0.95)]
    [InlineData(10, 1, 1)]
    [InlineData(2.5, 2, 0.5)]
    [InlineData(5, 0.5, 0.25)]
    [InlineData(1, 0.5, 0.1)]
    public void Share_grows_over_the_window(double seconds, double aggression, double expected) =>
        Assert.Equal(expected, new SlowStart { Aggression = aggression }.ShareAt(TimeSpan.FromSeconds(seconds)), 6);

    [Fact]
    public void Destination_that_joins_gets_its_share_little_by_little()
    {
        Serve(WatchedCluster.Of(2), callsPerSecond: 50, seconds: 12);
        _cluster.Apply(WatchedCluster.Of(3));
        var first = Serve(null, 50, 2).GetValueOrDefault("c");
        var middle = Serve(null, 50, 3).GetValueOrDefault("c");
        Serve(null, 50, 6);
        var whole = Serve(null, 50, 3).GetValueOrDefault("c");

        // A tenth to a fifth of a third; then up to a half of it; then all.
        Assert.InRange(first, 100 * 0.04, 100 * 0.09);
        Assert.InRange(middle, 150 * 0.09, 150 * 0.22);
        Assert.InRange(whole, 149 / 3, 151 / 3 + 1);
    }

    [Fact]
    public void First_destinations_of_a_cluster_start_whole()
    {
        Serve(WatchedCluster.Of(2), 50, 12);
        Assert.All(_cluster.State.Destinations, static destination => Assert.Equal(0, destination.Health!.JoinedAt));
    }

    [Theory]
    [InlineData(4, 4, "a:1 b:1 c:1 d:1")]
    [InlineData(2, 4, "a:1 b:1 c:0.1 d:0.1")]
    [InlineData(1, 3, "a:1 b:1 c:1")]
    public void Slow_start_is_skipped_while_more_than_half_are_starting(int before, int after, string expected)
    {
        Serve(WatchedCluster.Of(before), 50, 12);
        _cluster.Apply(WatchedCluster.Of(after));
        Assert.Equal(expected, Weights());
    }

    [Fact]
    public void Slow_start_is_skipped_below_one_call_a_second_for_each()
    {
        Serve(WatchedCluster.Of(2), 1, 12);
        _cluster.Apply(WatchedCluster.Of(3));
        Assert.Equal("a:1 b:1 c:1", Weights());
    }

    [Theory]
    [InlineData(PolicyMode.Off)]
    [InlineData(PolicyMode.Shadow)]
    public void Slow_start_that_is_not_in_force_changes_no_weight(PolicyMode mode)
    {
        var health = new ClusterHealth { SlowStart = new() { Mode = mode } };
        Serve(WatchedCluster.Of(2, health), 50, 12);
        _cluster.Apply(WatchedCluster.Of(3, health));
        Assert.Equal("a:1 b:1 c:1", Weights());
    }

    [Theory]
    [InlineData(PolicyMode.Enforce, 50, "started", 1)]
    [InlineData(PolicyMode.Shadow, 50, "shadow", 1)]
    [InlineData(PolicyMode.Shadow, 1, "shadow", 0)]
    [InlineData(PolicyMode.Off, 50, "shadow", 0)]
    public void Start_is_counted_once_where_it_has_or_would_have_an_effect(PolicyMode mode, int callsPerSecond, string outcome, int starts)
    {
        var health = new ClusterHealth { SlowStart = new() { Mode = mode } };
        Serve(WatchedCluster.Of(2, health), callsPerSecond, 12);
        _cluster.Apply(WatchedCluster.Of(3, health));
        Serve(null, callsPerSecond, 20);
        Assert.Equal(starts, _cluster.Measured.GetValueOrDefault($"gatewaykit.health.slow_starts {outcome}"));
        Assert.Equal(starts, _cluster.Measured.Where(static one => one.Key.StartsWith("gatewaykit.health.slow_starts", StringComparison.Ordinal)).Sum(static one => one.Value));

        // Another one is another start.
        _cluster.Apply(WatchedCluster.Of(4, health));
        Serve(null, callsPerSecond, 2);
        Assert.Equal(starts * 2, _cluster.Measured.GetValueOrDefault($"gatewaykit.health.slow_starts {outcome}"));
    }

    [Fact]
    public void Start_in_a_configuration_that_is_refused_is_not_counted()
    {
        Serve(WatchedCluster.Of(2), 50, 12);
        _cluster.Reject(WatchedCluster.Of(3));
        Serve(null, 50, 2);
        Assert.DoesNotContain(_cluster.Measured.Keys, static name => name.StartsWith("gatewaykit.health.slow_starts", StringComparison.Ordinal));
    }

    public void Dispose() => _cluster.Dispose();

    private string Weights()
    {
        var members = _cluster.State.Destinations.Select(static destination => destination.Health!).ToArray();
        var rule = new SlowStartRule(_cluster.State.Cluster.Health.SlowStart, members, _cluster.State.Vitals!.CallsPerSecond, _cluster.Time);
        return string.Join(' ', members.Select(member => FormattableString.Invariant($"{member.Id}:{rule.ShareOf(member)}")));
    }

    private Dictionary<string, int> Serve(Cluster? cluster, int callsPerSecond, int seconds)
    {
        if (cluster is not null)
        {
            _cluster.Apply(cluster);
        }

        var calls = new Dictionary<string, int>();
        for (var i = 0; i < seconds * callsPerSecond; i++)
        {
            _cluster.Time.Advance(TimeSpan.FromSeconds(1) / callsPerSecond);
            var destination = _cluster.Call()!;
            calls[destination] = calls.GetValueOrDefault(destination) + 1;
        }

        return calls;
    }
}
