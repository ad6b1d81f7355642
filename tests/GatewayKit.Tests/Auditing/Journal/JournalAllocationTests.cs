using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>Runs when no other test of the process does: memory is counted for all of it.</summary>
[CollectionDefinition(nameof(JournalAllocationTests), DisableParallelization = true)]
[Collection(nameof(JournalAllocationTests))]
public sealed class JournalAllocationTests : IDisposable
{
    private readonly JournalFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Over all threads. What is left is what signs a checkpoint every 4,096 lines, and what other tests have left running in the process: hence the best of some runs.
    [Fact]
    public async Task Steady_stream_of_records_allocates_nothing()
    {
        const int Requests = 50_000;
        await using var journal = _folder.Open(new() { MaxInFlight = 256, SegmentBytes = 1024 * 1024 * 1024 });
        var least = double.MaxValue;
        for (var run = 0; run < 20 && least > 4; run++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < Requests; i++)
            {
                Request(journal);
            }

            least = Math.Min(least, (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / (2 * Requests));
        }

        Assert.True(least <= 4, $"{least:N1} bytes a record.");
    }

    private static void Request(AuditJournal journal)
    {
        var begin = journal.Rent();
        begin.Write("{\"v\":1,\"kind\":\"begin\",\"rid\":\"0HN7ABCDEF:00000001\",\"route\":\"orders\""u8);
#pragma warning disable CA2012 // Awaited by hand: an async method without optimisation allocates by itself.
        var committed = journal.CommitAsync(begin, AuditDelivery.Guaranteed).GetAwaiter();
#pragma warning restore CA2012
        while (!committed.IsCompleted)
        {
            Thread.Yield();
        }

        Assert.True(committed.GetResult());
        var end = journal.Rent();
        end.Write("{\"v\":1,\"kind\":\"end\",\"rid\":\"0HN7ABCDEF:00000001\",\"st\":200,\"outcome\":\"ok\""u8);
        journal.End(end, AuditDelivery.Guaranteed);
    }
}
