using GatewayKit.Clusters;
using GatewayKit.Clusters.Balancing;

namespace GatewayKit.Tests.Clusters.Balancing;

public sealed class ConsistentHashTests
{
    private const int Keys = 100_000;

    [Theory]
    [InlineData(5)]
    [InlineData(12)]
    public void When_one_leaves_only_its_keys_move_and_they_spread(int count)
    {
        var cluster = Fleet(count, static index => (index % 3) + 1);
        var before = Homes(cluster);
        cluster.Without("c");
        var after = Homes(cluster);
        for (var key = 0; key < Keys; key++)
        {
            Assert.True(before[key].Id == "c" ? after[key].Id != "c" : after[key] == before[key]);
        }

        // To each of the others by its weight.
        var moved = cluster.All.Select(destination => (long)Enumerable.Range(0, Keys).Count(key => before[key].Id == "c" && after[key] == destination)).ToArray();
        Assert.InRange(ChiSquare.P(moved, [.. cluster.All.Select(static destination => destination.Id == "c" ? 0.0 : destination.Weight)]), 0.001, 1);
    }

    [Fact]
    public void When_one_grows_keys_move_to_it_only()
    {
        var cluster = new BalancedCluster(LoadBalancing.ConsistentHash, 100, 100, 100, 100);
        cluster.Weigh(10, 100, 100, 100);
        var before = Homes(cluster);
        cluster.Weigh(50, 100, 100, 100);
        var after = Homes(cluster);
        Assert.All(Enumerable.Range(0, Keys), key => Assert.True(after[key] == before[key] || after[key].Id == "a"));
    }

    [Fact]
    public void Table_of_many_follows_the_weights()
    {
        var cluster = Fleet(60, static index => (index % 4) + 1);
        var counts = cluster.Count(300_000, i => cluster.PickFor(i.ToString("x", null)));
        Assert.InRange(ChiSquare.P(counts, [.. cluster.All.Select(static destination => (double)destination.Weight)]), 0.001, 1);
    }

    [Fact]
    public void Table_of_many_moves_few_keys_of_those_that_stay()
    {
        var cluster = Fleet(60, static _ => 1);
        var before = Homes(cluster);
        cluster.Without("d7");
        var after = Homes(cluster);
        var moved = Enumerable.Range(0, Keys).Count(key => before[key].Id != "d7" && after[key] != before[key]);
        Assert.DoesNotContain(after, static home => home.Id == "d7");

        // Hashing by remainder would move 59 of 60. The paper's figure 12 has a few of a hundred at tables as large as this one.
        Assert.InRange(moved, 0, Keys * 3 / 100);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(45)]
    public void No_destination_has_more_in_flight_than_its_bound(int count)
    {
        var cluster = Fleet(count, static index => (index % 2) + 1);
        var (random, running, total) = (new Random(5), new List<DestinationState>(), (double)cluster.All.Sum(static destination => destination.Weight));
        for (var i = 0; i < 20_000; i++)
        {
            // Half of all requests have one key.
            var picked = cluster.PickFor(random.Next(2) == 0 ? "hot" : random.Next(1_000).ToString(null, null))!;
            picked.Begin();
            running.Add(picked);
            Assert.InRange(picked.InFlight, 1, Math.Ceiling(1.25 * running.Count * picked.Weight / total));
            while (running.Count > random.Next(200))
            {
                var index = random.Next(running.Count);
                running[index].End();
                running.RemoveAt(index);
            }
        }
    }

    [Fact]
    public void Overflow_spreads_over_all_and_not_to_a_neighbour()
    {
        var cluster = Fleet(10, static _ => 1);
        var home = cluster.PickFor("hot")!;
        string[] keys = [.. Enumerable.Range(0, Keys).Select(static i => i.ToString(null, null)).Where(key => cluster.PickFor(key) == home)];
        home.Begin();
        home.Begin();
        var counts = cluster.Count(keys.Length, i => cluster.PickFor(keys[i]));
        Assert.InRange(ChiSquare.P(counts, [.. cluster.All.Select(destination => destination == home ? 0.0 : 1)]), 0.001, 1);
    }

    [Fact]
    public void Without_a_bound_a_key_stays_whatever_is_in_flight()
    {
        var rule = BalancedCluster.Rule(LoadBalancing.ConsistentHash);
        var cluster = new BalancedCluster(rule with { Hash = rule.Hash! with { BoundedLoad = 0 } }, Enumerable.Range(0, 5).Select(static i => At(i, 1)));
        var home = cluster.PickFor("hot")!;
        for (var i = 0; i < 100; i++)
        {
            cluster.PickFor("hot")!.Begin();
        }

        Assert.Equal(100, home.InFlight);
    }

    // Numbers of another run: every instance and every version has to agree on them, or an upgrade moves all keys.
    [Theory]
    [InlineData("tenant-1", 4_087_239_824_195_687_395, "d-d46")]
    [InlineData("tenant-2", 11_916_180_157_126_978_637, "c-d27")]
    [InlineData("Zürich", 16_452_979_625_337_072_919, "e-d48")]
    public void Homes_are_the_same_everywhere_and_forever(string key, ulong hash, string home)
    {
        Assert.Equal(hash, RequestHash.Of(key).Home);
        Assert.Equal(home, Fleet(5, static _ => 1).PickFor(key)!.Id + "-" + Fleet(60, static _ => 1).PickFor(key)!.Id);
    }

    [Fact]
    public void Request_without_a_key_is_balanced_by_two_choices()
    {
        var cluster = new BalancedCluster(LoadBalancing.ConsistentHash, 1, 1);
        cluster["a"].Begin();
        Assert.Equal("bbbbbbbbbb", cluster.Picks(10));
    }

    [Fact]
    public void Key_chooses_its_tier_too()
    {
        // Half of the first tier is gone: it bears 70 %.
        var rule = BalancedCluster.Rule(LoadBalancing.ConsistentHash);
        var cluster = new BalancedCluster(rule, Enumerable.Range(0, 6).Select(static i => At(i, 1) with { Priority = i / 4 }));
        cluster.Without("a", "b");
        var homes = Homes(cluster);
        Assert.Equal(homes, Homes(cluster));
        Assert.InRange(homes.Count(static home => home.Destination.Priority == 0), Keys * 69 / 100, Keys * 71 / 100);
    }

    private static Destination At(int index, int weight) => new() { Address = new($"http://host{index}"), Weight = weight };

    private static BalancedCluster Fleet(int count, Func<int, int> weight) =>
        new(BalancedCluster.Rule(LoadBalancing.ConsistentHash), Enumerable.Range(0, count).Select(index => At(index, weight(index))));

    private static DestinationState[] Homes(BalancedCluster cluster) => [.. Enumerable.Range(0, Keys).Select(key => cluster.PickFor(key.ToString(null, null))!)];
}
