using GatewayKit.Clusters;
using GatewayKit.Clusters.Balancing;

namespace GatewayKit.Tests.Clusters.Balancing;

public sealed class ZoneTests
{
    // A letter for each destination, the zone it is in; a capital one is not available. Then the zone of the gateway, and who is picked when all is idle.
    [Theory]
    [InlineData("aaabbb", "a", "aaa")]
    [InlineData("aaabbb", "A", "aaa")]
    [InlineData("aaabbb", "c", "aaabbb")]
    [InlineData("aaabbb", null, "aaabbb")]
    [InlineData("aabbb", "a", "aabbb")]
    [InlineData("aaaabbA", "a", "aaaa")]
    [InlineData("aaAbbb", "a", "aabbb")]
    [InlineData("aaaaaaaAAAbb", "a", "aaaaaaa")]
    [InlineData("aaaaaaAAAAbb", "a", "aaaaaabb")]
    [InlineData("AAAbbb", "a", "bbb")]
    [InlineData("aaaBBB", "a", "aaa")]
    [InlineData("aaaaaa", "a", "aaaaaa")]
    [InlineData("......", "a", "......")]
    [InlineData("aaa...", "a", "aaa")]
    public void Own_zone_is_preferred_while_enough_of_it_is_there(string fleet, string? own, string picked)
    {
        var cluster = Fleet(fleet, own);
        var seen = Enumerable.Range(0, 500).Select(_ => cluster.Pick()!).Distinct().Select(static state => state.Destination.Zone ?? ".").Order(StringComparer.Ordinal);
        Assert.Equal(string.Concat(picked.Order()), string.Concat(seen));
    }

    [Fact]
    public void Only_the_excess_goes_to_other_zones()
    {
        var cluster = Fleet("aaabbb", "a", maxConnections: 10);
        for (var i = 0; i < 40; i++)
        {
            cluster.Pick()!.Begin();
        }

        Assert.Equal(30, cluster.All.Where(static state => state.Destination.Zone == "a").Sum(static state => state.InFlight));
        cluster.All[0].End();
        Assert.Equal("a", cluster.Pick()!.Destination.Zone);
    }

    [Fact]
    public void Request_that_failed_all_over_its_zone_goes_to_another()
    {
        var cluster = Fleet("aaabbb", "a");
        Assert.Equal("b", cluster.Pick(cluster.All[0], cluster.All[1], cluster.All[2])!.Destination.Zone);
    }

    private static BalancedCluster Fleet(string fleet, string? own, int maxConnections = 1_024)
    {
        var cluster = new BalancedCluster(
            BalancedCluster.Rule(LoadBalancing.PowerOfTwoChoices) with { Http = new() { MaxConnections = maxConnections } },
            fleet.Select(static (zone, index) => new Destination { Address = new($"http://host{index}"), Zone = zone == '.' ? null : char.ToLowerInvariant(zone).ToString() }),
            own);
        cluster.Set = cluster.Of(cluster.All.Where((_, index) => !char.IsUpper(fleet[index])).Select(Candidate.Whole));
        return cluster;
    }
}
