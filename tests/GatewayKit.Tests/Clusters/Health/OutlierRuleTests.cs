using GatewayKit.Clusters.Health;

namespace GatewayKit.Tests.Clusters.Health;

public sealed class OutlierRuleTests
{
    // Calls/failures of each destination, and the places of those that do worse, the worst first.
    [Theory]
    [InlineData("100/0 100/0", "")]
    [InlineData("100/30 100/0", "0")]
    [InlineData("100/0 100/30 100/0", "1")]
    [InlineData("100/100 100/0 100/0 100/0", "0")]
    [InlineData("100/0 100/0 100/0 100/0 100/21", "4")]

    // Twenty points and no more.
    [InlineData("100/20 100/0", "")]
    [InlineData("1000/201 1000/0", "0")]

    // All are hit alike.
    [InlineData("100/50 100/50", "")]
    [InlineData("100/100 100/100 100/100", "")]
    [InlineData("100/51 100/40 100/45", "")]

    // A difference of nothing, however sure.
    [InlineData("1000000/1000 1000000/0 1000000/0 1000000/0", "")]

    // Too few calls to tell, of it or of the others.
    [InlineData("19/19 100/0", "")]
    [InlineData("20/20 100/0", "0")]
    [InlineData("100/100 19/0", "")]
    [InlineData("100/100 10/0 10/0", "0")]

    // One destination has nobody to be compared with.
    [InlineData("100/100", "")]

    // Two that are equally bad do not hide each other.
    [InlineData("100/60 100/60 100/0 100/0 100/0", "0 1")]
    [InlineData("100/40 100/0 100/90 100/0 100/0", "2")]
    [InlineData("100/60 100/0 100/90 100/0 100/0", "2 0")]
    public void Those_who_do_worse_than_the_others_are_found(string fleet, string expected)
    {
        var calls = fleet.Split(' ').Select(static one => one.Split('/')).Select(static parts => new CallCount(long.Parse(parts[0]), long.Parse(parts[1]))).ToArray();
        var found = new int[calls.Length];
        var count = OutlierRule.Find(calls, new(), found);
        Assert.Equal(expected, string.Join(' ', found[..count]));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(5, 2)]
    [InlineData(10, 5)]
    public void At_most_half_of_a_fleet_may_go_and_one_of_two(int destinations, int expected) => Assert.Equal(expected, new OutlierEjection().MostOf(destinations));

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(99)]
    public void No_setting_lets_all_go(double percent) =>
        Assert.All(Enumerable.Range(2, 500), count => Assert.InRange(new OutlierEjection { MaxPercent = percent }.MostOf(count), 1, count - 1));
}
