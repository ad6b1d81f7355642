using GatewayKit.Clusters;
using GatewayKit.Clusters.Balancing;

namespace GatewayKit.Tests.Clusters.Balancing;

/// <summary>A million picks of each rule and set of weights fall as the weights say. On a seed: what passes once always does.</summary>
public sealed class ShareTests
{
    private const int Picks = 1_000_000;

    private static readonly double[][] WeightSets =
    [
        [1, 1, 1],
        [5, 1, 1],
        [0, 1_000, 1],
        [1, 0.37, 0.1],
        [.. Enumerable.Range(1, 12).Select(static i => (double)i)],
    ];

    public static TheoryData<LoadBalancing, int> RulesAndWeights()
    {
        var data = new TheoryData<LoadBalancing, int>();
        foreach (var rule in Enum.GetValues<LoadBalancing>().Except([LoadBalancing.First]))
        {
            for (var set = 0; set < WeightSets.Length; set++)
            {
                data.Add(rule, set);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(RulesAndWeights))]
    public void Shares_follow_the_weights(LoadBalancing rule, int set)
    {
        var weights = WeightSets[set];
        var cluster = new BalancedCluster(rule, [.. weights.Select(static weight => (int)Math.Ceiling(weight))]);
        cluster.Weigh(weights);
        var counts = rule is LoadBalancing.ConsistentHash ? cluster.Count(Picks, i => cluster.PickFor(i.ToString("x", null))) : cluster.Count(Picks);
        Assert.InRange(ChiSquare.P(counts, weights), 0.001, 1);
    }

    [Fact]
    public void The_test_sees_a_share_that_is_off_by_two_per_mille()
    {
        Assert.InRange(ChiSquare.P([500_000, 500_000], [1, 1]), 0.9, 1);
        Assert.InRange(ChiSquare.P([502_000, 498_000], [1, 1]), 0, 0.001);

        // The critical values of three degrees of freedom in any table: 11.34 at 0.01, 16.27 at 0.001.
        Assert.InRange(ChiSquare.P([1_000 + 75, 1_000 - 75, 1_000, 1_000], [1, 1, 1, 1]), 0.009, 0.011);
    }
}
