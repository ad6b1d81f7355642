using GatewayKit.Clusters;
using GatewayKit.Clusters.Balancing;

namespace GatewayKit.Tests.Clusters.Balancing;

public sealed class DestinationPickerTests
{
    public static TheoryData<LoadBalancing> Rules() => [.. Enum.GetValues<LoadBalancing>()];

    [Fact]
    public void Round_robin_takes_equal_destinations_in_turn() =>
        Assert.Equal("abcabc", new BalancedCluster(LoadBalancing.RoundRobin, 1, 1, 1).Picks(6));

    [Theory]
    [InlineData("aabacaaaabacaa", 5, 1, 1)]
    [InlineData("abaabaabaaba", 20, 10)]
    [InlineData("abcabcaabcabca", 6, 4, 4)]
    public void Round_robin_spreads_the_turns_of_a_heavy_destination(string expected, params int[] weights) =>
        Assert.Equal(expected, new BalancedCluster(LoadBalancing.RoundRobin, weights).Picks(expected.Length));

    [Theory]
    [InlineData(1.0, 0.37, 0.1)]
    [InlineData(0.9, 0.95, 1.0)]
    [InlineData(1_000.0, 999.0, 0.5)]
    public void Round_robin_keeps_an_even_rhythm_with_any_weights(params double[] weights)
    {
        var cluster = new BalancedCluster(LoadBalancing.RoundRobin, 1_000, 1_000, 1_000);
        cluster.Weigh(weights);
        var (total, counts) = (weights.Sum(), new double[weights.Length]);
        for (var pick = 1; pick <= 100_000; pick++)
        {
            counts[cluster.Pick()!.Id[0] - 'a']++;
            for (var i = 0; i < weights.Length; i++)
            {
                // Drawn at random, the counts would be off by some hundred.
                Assert.InRange(counts[i] - (pick * weights[i] / total), -5, 5);
            }
        }
    }

    [Fact]
    public void Turns_go_on_when_a_destination_comes_or_goes()
    {
        var cluster = new BalancedCluster(LoadBalancing.RoundRobin, 1, 1, 1);
        var counts = new Dictionary<string, int> { ["a"] = 0, ["b"] = 0 };
        for (var i = 0; i < 1_000; i++)
        {
            // Whoever began anew after each change would only ever take the first.
            cluster.Without(i % 2 == 0 ? "c" : string.Empty);
            cluster.Without("c");
            counts[cluster.Pick()!.Id]++;
        }

        Assert.Equal(500, counts["a"]);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Weight_zero_takes_none(LoadBalancing rule)
    {
        var cluster = new BalancedCluster(rule, 0, 1, 1);
        Assert.DoesNotContain('a', cluster.Picks(1_000));
        Assert.True(cluster.Set.Contains(cluster["a"]));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Excluded_destinations_are_not_picked_and_none_is_left_at_last(LoadBalancing rule)
    {
        var cluster = new BalancedCluster(rule, 3, 1, 1, 2, 1, 1);
        for (var i = 0; i < 1_000; i++)
        {
            var excluded = new List<DestinationState>();
            while (cluster.Pick([.. excluded]) is { } picked)
            {
                Assert.DoesNotContain(picked, excluded);
                excluded.Add(picked);
            }

            Assert.Equal(6, excluded.Count);
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void The_only_destination_is_taken_unless_it_is_excluded(LoadBalancing rule)
    {
        var cluster = new BalancedCluster(rule, 1, 1);
        cluster.Without("a");
        Assert.Equal("bbb", cluster.Picks(3));
        Assert.Null(cluster.Pick(cluster["b"]));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void No_destination_or_none_with_a_weight_is_none(LoadBalancing rule)
    {
        Assert.Null(new BalancedCluster(rule).Pick());
        Assert.Null(new BalancedCluster(rule, 0, 0).Pick());
    }

    [Theory]
    [InlineData(LoadBalancing.PowerOfTwoChoices)]
    [InlineData(LoadBalancing.LeastRequests)]
    [InlineData(LoadBalancing.PeakEwma)]
    public void Load_in_flight_follows_the_weights(LoadBalancing rule)
    {
        var cluster = new BalancedCluster(rule, 3, 1);
        for (var i = 0; i < 400; i++)
        {
            cluster.Pick()!.Begin();
        }

        Assert.InRange(cluster["a"].InFlight, 280, 320);
    }

    [Fact]
    public void Two_choices_never_take_the_busiest_of_two()
    {
        var cluster = new BalancedCluster(LoadBalancing.PowerOfTwoChoices, 1, 1);
        cluster["a"].Begin();
        Assert.DoesNotContain('a', cluster.Picks(100));
    }

    [Fact]
    public void Least_requests_takes_the_idle_ones_and_draws_among_them()
    {
        var cluster = new BalancedCluster(LoadBalancing.LeastRequests, 1, 1, 1, 1, 1);
        cluster["a"].Begin();
        cluster["d"].Begin();
        var counts = cluster.Count(30_000);
        Assert.Equal([0, 0], [counts[0], counts[3]]);
        Assert.InRange(ChiSquare.P([counts[1], counts[2], counts[4]], [1, 1, 1]), 0.001, 1);
    }

    [Fact]
    public void First_takes_the_first_by_id_and_the_next_one_when_that_is_gone()
    {
        var cluster = new BalancedCluster(LoadBalancing.First, 1, 5, 9);
        Assert.Equal("aaaa", cluster.Picks(4));
        cluster.Without("a");
        Assert.Equal("bbbb", cluster.Picks(4));
    }

    [Fact]
    public void First_takes_its_share_while_it_recovers()
    {
        var cluster = new BalancedCluster(LoadBalancing.First, 2, 2, 2);
        cluster.Weigh(0.2, 2, 2);
        var counts = cluster.Count(100_000);
        Assert.InRange(ChiSquare.P(counts, [0.1, 0.9, 0]), 0.001, 1);
    }

    // Both look at the same numbers, as gateways do that see only what they sent themselves: neither may send all to one destination.
    [Theory]
    [InlineData(LoadBalancing.PowerOfTwoChoices)]
    [InlineData(LoadBalancing.LeastRequests)]
    [InlineData(LoadBalancing.PeakEwma)]
    [InlineData(LoadBalancing.RoundRobin)]
    [InlineData(LoadBalancing.Random)]
    public void Gateways_that_know_nothing_of_each_other_do_not_herd(LoadBalancing rule)
    {
        var (gateways, destinations) = (50, 10);
        var arrived = new int[destinations];
        for (var gateway = 0; gateway < gateways; gateway++)
        {
            var cluster = new BalancedCluster(
                BalancedCluster.Rule(rule), Enumerable.Range(0, destinations).Select(static i => new Destination { Address = new($"http://host{i}") }), seed: gateway);
            cluster.SkipTurns(gateway);
            for (var i = 0; i < 20; i++)
            {
                var picked = cluster.Pick()!;
                picked.Begin();
                arrived[picked.Id[0] - 'a']++;
            }
        }

        // 100 each on average; a herd would bring 1,000 to one.
        Assert.All(arrived, static count => Assert.InRange(count, 60, 145));
    }
}
