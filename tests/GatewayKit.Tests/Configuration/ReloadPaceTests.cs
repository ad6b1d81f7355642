using GatewayKit.Configuration;

namespace GatewayKit.Tests.Configuration;

public sealed class ReloadPaceTests
{
    [Fact]
    public void What_a_reload_keeps_is_collected_in_steps_long_before_the_collector_would()
    {
        // Left alone, the collector takes more than a hundred megabytes between five collections of generation 1. Work between the
        // allocations, as a reload has it, gives the pace its turn on a busy machine.
        const int Piece = 8192;
        const int Limit = 100 * 1024 * 1024 / Piece;
        var kept = new List<byte[]>(Limit);
        var before = GC.CollectionCount(1);
        using (new ReloadPace())
        {
            while (kept.Count < Limit && GC.CollectionCount(1) - before < 5)
            {
                kept.Add(new byte[Piece]);
                Thread.SpinWait(2_000);
            }
        }

        Assert.InRange(kept.Count, 1, Limit - 1);
    }
}
