using GatewayKit.Clusters;
using GatewayKit.Clusters.Balancing;

namespace GatewayKit.Tests.Clusters.Balancing;

public sealed class TierTests
{
    // How many of how many are available in each tier, and the shares of traffic that come of it, in percent.
    [Theory]
    [InlineData("4/4 4/4", "100 0")]
    [InlineData("3/4 4/4", "100 0")]
    [InlineData("5/7 4/4", "100 0")]
    [InlineData("2/4 4/4", "70 30")]
    [InlineData("1/4 4/4", "35 65")]
    [InlineData("0/4 4/4", "100")]
    [InlineData("1/4 1/4 4/4", "35 35 30")]
    [InlineData("1/4 1/4", "50 50")]
    [InlineData("1/10 2/10", "33.3 66.7")]
    [InlineData("0/4 0/4", "")]
    [InlineData("1/1", "100")]
    public void Tier_passes_on_what_it_cannot_bear(string available, string expected)
    {
        (int Available, int Count)[] tiers = [.. available.Split(' ').Select(static tier => tier.Split('/')).Select(static pair => (int.Parse(pair[0], null), int.Parse(pair[1], null)))];
        var destinations = tiers.SelectMany(static (tier, priority) => Enumerable.Range(0, tier.Count)
            .Select(index => new Destination { Address = new($"http://host{priority}-{index}"), Priority = priority * 10 })).ToArray();
        var cluster = new BalancedCluster(BalancedCluster.Rule(LoadBalancing.Random), destinations);
        cluster.Set = cluster.Of(cluster.All.GroupBy(static state => state.Destination.Priority)
            .SelectMany((tier, index) => tier.Take(tiers[index].Available)).Select(Candidate.Whole));
        double[] shares = [.. expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static share => double.Parse(share, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(shares, cluster.Set.TierLoads.Select(static load => Math.Round(load * 100, 1)));

        if (shares.Length > 0)
        {
            var counts = new SortedDictionary<int, long>();
            for (var i = 0; i < 20_000; i++)
            {
                var tier = cluster.Pick()!.Destination.Priority;
                counts[tier] = counts.GetValueOrDefault(tier) + 1;
            }

            if (counts.Count > 1)
            {
                Assert.InRange(ChiSquare.P([.. counts.Values], [.. shares.Where(static share => share > 0)]), 0.001, 1);
            }
            else
            {
                Assert.Contains(100, shares);
            }
        }
    }

    [Fact]
    public void Request_that_failed_all_over_a_tier_goes_to_the_next()
    {
        var cluster = Two(LoadBalancing.RoundRobin);
        Assert.Equal("c", cluster.Pick(cluster["a"], cluster["b"])!.Id);
        Assert.Null(cluster.Pick(cluster["a"], cluster["b"], cluster["c"]));
    }

    [Fact]
    public void Destination_that_drains_is_no_longer_part_of_what_a_tier_could_bear()
    {
        var cluster = Two(LoadBalancing.RoundRobin);
        cluster["a"].Use.Drain();
        cluster.Without("a");
        Assert.Equal("bbbb", cluster.Picks(4));
    }

    // Each tier has turns of its own: with one count for both, every second one would be skipped.
    [Fact]
    public void Turns_of_a_tier_do_not_depend_on_those_of_another()
    {
        var cluster = new BalancedCluster(BalancedCluster.Rule(LoadBalancing.RoundRobin), Enumerable.Range(0, 8).Select(static i => At(i) with { Priority = i / 4 }));
        cluster.Without("c", "d");
        var counts = cluster.Count(30_000);
        Assert.InRange(counts[0] - counts[1], -1, 1);
        Assert.InRange(counts[4..].Max() - counts[4..].Min(), 0, 1);
    }

    private static Destination At(int index) => new() { Address = new($"http://host{index}") };

    private static BalancedCluster Two(LoadBalancing rule) =>
        new(BalancedCluster.Rule(rule), [At(0), At(1), At(2) with { Priority = 1 }]);
}
