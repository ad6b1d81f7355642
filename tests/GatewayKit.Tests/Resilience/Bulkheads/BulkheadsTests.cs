using System.Runtime.CompilerServices;
using GatewayKit.Resilience.Bulkheads;

namespace GatewayKit.Tests.Resilience.Bulkheads;

public sealed class BulkheadsTests
{
    private readonly GatewayKit.Resilience.Bulkheads.Bulkheads _bulkheads = new(TimeProvider.System);

    [Fact]
    public void Cluster_keeps_its_count_whoever_asks()
    {
        var former = _bulkheads.ForCluster("orders");
        former.Requests.TryTake(1);
        Assert.Equal(1, _bulkheads.ForCluster("ORDERS").Requests.Taken);
        Assert.NotSame(former, _bulkheads.ForCluster("stock"));
        GC.KeepAlive(former);
    }

    [Fact]
    public void Those_that_nobody_uses_are_forgotten()
    {
        for (var i = 0; i < 1_000; i++)
        {
            Use($"cluster {i}");
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.InRange(_bulkheads.InUse.Count, 0, 10);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Use(string id) => _bulkheads.ForCluster(id);
}
