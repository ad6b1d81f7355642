using GatewayKit.Routing;

namespace GatewayKit.Tests.Routing;

public sealed class ReloadPaceTests
{
    private const int Piece = 8192;
    private const int MegabytesKept = 10;
    private static readonly int Pieces = MegabytesKept * 1024 * 1024 / Piece;

    [Fact]
    public void Work_that_steps_is_collected_every_megabyte()
    {
        var kept = new List<byte[]>(Pieces);
        var before = GC.CollectionCount(1);
        using (ReloadPace.Start())
        {
            for (var i = 0; i < Pieces; i++)
            {
                kept.Add(new byte[Piece]);
                ReloadPace.Step();
            }
        }

        // Collections of other tests can only add to these.
        Assert.InRange(GC.CollectionCount(1) - before, MegabytesKept - 1, int.MaxValue);
        GC.KeepAlive(kept);
    }

    [Fact]
    public void Work_that_does_not_step_is_collected_long_before_the_collector_would()
    {
        // Left alone, the collector takes more than a hundred megabytes between five collections of generation 1. Work between the
        // allocations, as a reload has it, gives the watcher its turn on a busy machine.
        const int Limit = 100 * 1024 * 1024 / Piece;
        var kept = new List<byte[]>(Limit);
        var before = GC.CollectionCount(1);
        using (ReloadPace.Start())
        using (ReloadPace.Watch())
        {
            while (kept.Count < Limit && GC.CollectionCount(1) - before < 5)
            {
                kept.Add(new byte[Piece]);
                Thread.SpinWait(2_000);
            }
        }

        Assert.InRange(kept.Count, 1, Limit - 1);
    }

    [Fact]
    public void A_thread_that_is_not_paced_is_not_watched()
    {
        ReloadPace.Start().Dispose();

        Assert.Null(ReloadPace.Watch());
    }
}
