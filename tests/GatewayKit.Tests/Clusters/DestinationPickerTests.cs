using GatewayKit.Clusters;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Clusters;

public sealed class DestinationPickerTests
{
    [Fact]
    public void Round_robin_takes_equal_destinations_in_turn()
    {
        var cluster = Cluster(LoadBalancing.RoundRobin, 1, 1, 1);
        Assert.Equal("abcabc", Picks(cluster, 6));
    }

    [Fact]
    public void Round_robin_spreads_the_turns_of_a_heavy_destination()
    {
        var cluster = Cluster(LoadBalancing.RoundRobin, 5, 1, 1);
        Assert.Equal("aabacaaaabacaa", Picks(cluster, 14));
    }

    [Theory]
    [InlineData(LoadBalancing.Random)]
    [InlineData(LoadBalancing.RoundRobin)]
    [InlineData(LoadBalancing.PowerOfTwoChoices)]
    [InlineData(LoadBalancing.LeastRequests)]
    public void Weight_zero_takes_none(LoadBalancing rule)
    {
        var cluster = Cluster(rule, 0, 1, 1);
        Assert.DoesNotContain('a', Picks(cluster, 1_000));
    }

    [Theory]
    [InlineData(LoadBalancing.Random)]
    [InlineData(LoadBalancing.PowerOfTwoChoices)]
    [InlineData(LoadBalancing.LeastRequests)]
    public void Equal_idle_destinations_share_evenly(LoadBalancing rule)
    {
        var picks = Picks(Cluster(rule, 1, 1), 10_000);

        // Six standard deviations of a fair coin: fails once in 500 million runs.
        Assert.InRange(picks.Count(static pick => pick is 'a'), 4_700, 5_300);
    }

    [Theory]
    [InlineData(LoadBalancing.Random)]
    [InlineData(LoadBalancing.RoundRobin)]
    public void Shares_follow_the_weights(LoadBalancing rule)
    {
        var picks = Picks(Cluster(rule, 3, 1), 10_000);
        Assert.InRange(picks.Count(static pick => pick is 'a'), 7_240, 7_760);
    }

    [Theory]
    [InlineData(LoadBalancing.PowerOfTwoChoices)]
    [InlineData(LoadBalancing.LeastRequests)]
    public void Load_in_flight_follows_the_weights(LoadBalancing rule)
    {
        var cluster = Cluster(rule, 3, 1);
        for (var i = 0; i < 400; i++)
        {
            Begin(cluster);
        }

        Assert.InRange(cluster.Destinations[0].InFlight, 280, 320);
    }

    [Fact]
    public void Two_choices_never_take_the_busiest_of_two()
    {
        var cluster = Cluster(LoadBalancing.PowerOfTwoChoices, 1, 1);
        cluster.Destinations[0].Begin();
        cluster.Destinations[0].Begin();
        Assert.DoesNotContain('a', Picks(cluster, 100));
    }

    [Fact]
    public void Least_requests_takes_the_idle_one()
    {
        var cluster = Cluster(LoadBalancing.LeastRequests, 1, 1, 1);
        cluster.Destinations[0].Begin();
        cluster.Destinations[2].Begin();
        Assert.Equal("bbb", Picks(cluster, 3));
    }

    [Fact]
    public void Cluster_without_destinations_picks_none() => Assert.Null(Begin(Cluster(LoadBalancing.Random)));

    [Fact]
    public void Cluster_whose_destinations_weigh_nothing_picks_none() => Assert.Null(Begin(Cluster(LoadBalancing.Random, 0, 0)));

    private static ClusterState Cluster(LoadBalancing rule, params int[] weights)
    {
        var destinations = weights
            .Select((weight, index) => new DestinationState(((char)('a' + index)).ToString(), new() { Address = new($"http://host{index}"), Weight = weight }))
            .ToArray();
        return new(new() { Id = "c", LoadBalancing = rule }, destinations, new ClusterTransport(static () => new SocketsHttpHandler()), new(new(), TimeProvider.System));
    }

    private static DestinationState? Begin(ClusterState cluster) =>
        cluster.TryBegin(new DefaultHttpContext(), default, out var lease) is PickRefusal.None ? lease.Destination : null;

    private static string Picks(ClusterState cluster, int count) => string.Concat(Enumerable.Range(0, count).Select(_ =>
    {
        var picked = Begin(cluster)!;
        picked.End();
        return picked.Id;
    }));
}
