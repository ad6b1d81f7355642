using GatewayKit.Clusters;
using GatewayKit.Clusters.Balancing;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Clusters.Balancing;

public sealed class PickAllocationTests
{
    public static TheoryData<LoadBalancing, int> RulesAndSizes()
    {
        var data = new TheoryData<LoadBalancing, int>();
        foreach (var rule in Enum.GetValues<LoadBalancing>())
        {
            data.Add(rule, 8);
            data.Add(rule, 40);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(RulesAndSizes))]
    public void Pick_allocates_nothing(LoadBalancing rule, int count)
    {
        var cluster = new BalancedCluster(BalancedCluster.Rule(rule) with { Http = new() { MaxConnections = 16 } }, Enumerable.Range(0, count).Select(index => new Destination
        {
            Address = new($"http://host{index}"), Weight = (index % 3) + 1, Zone = index % 2 == 0 ? "a" : "b", Priority = index % 4 == 0 ? 1 : 0,
        }), zone: "a");
        var request = new DefaultHttpContext();
        request.Request.Headers["X-Key"] = "one";
        var tried = default(TriedDestinations);
        tried.Add(cluster.All[0]);
        tried.Add(cluster.All[1]);
        Run(1_000);
        Assert.Equal(0, Allocations.Of(() => Run(10_000)));

        void Run(int picks)
        {
            for (var i = 0; i < picks; i++)
            {
                cluster.Set.Pick(request, default)!.Begin();
                cluster.Set.Pick(request, tried);
            }
        }
    }

    [Fact]
    public void Up_to_four_tried_destinations_take_no_memory_and_more_are_kept_too()
    {
        DestinationState[] destinations = [.. Enumerable.Range(0, 10).Select(static i => new DestinationState($"d{i}", new() { Address = new($"http://host{i}") }))];
        var tried = default(TriedDestinations);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 4; i++)
        {
            tried.Add(destinations[i]);
            tried.Add(destinations[i]);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        var copy = tried;
        for (var i = 4; i < 10; i++)
        {
            tried.Add(destinations[i]);
        }

        Assert.All(destinations, destination => Assert.True(tried.Contains(destination)));
        Assert.Equal(4, destinations.Count(destination => copy.Contains(destination)));
        Assert.True(default(TriedDestinations).IsEmpty);
    }
}
