namespace GatewayKit.Throttling.Replay;

/// <summary>Merges logs by time, with one record of each in memory.</summary>
internal sealed class MergedLogs(IReadOnlyList<IAsyncEnumerable<AccessRecord>> logs) : IAsyncEnumerable<AccessRecord>
{
    public long MalformedLines => logs.OfType<AccessLog>().Sum(static log => log.MalformedLines);

    public async IAsyncEnumerator<AccessRecord> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var open = new List<IAsyncEnumerator<AccessRecord>>(logs.Count);
        try
        {
            // Of records of one time, the log that was named first has its turn first.
            var heads = new PriorityQueue<int, (DateTimeOffset Time, int Log)>();
            foreach (var log in logs)
            {
                open.Add(log.GetAsyncEnumerator(cancellationToken));
                await ReadHeadAsync(heads, open.Count - 1).ConfigureAwait(false);
            }

            while (heads.TryDequeue(out var log, out _))
            {
                yield return open[log].Current;
                await ReadHeadAsync(heads, log).ConfigureAwait(false);
            }
        }
        finally
        {
            foreach (var enumerator in open)
            {
                await enumerator.DisposeAsync().ConfigureAwait(false);
            }
        }

        async ValueTask ReadHeadAsync(PriorityQueue<int, (DateTimeOffset Time, int Log)> heads, int log)
        {
            if (await open[log].MoveNextAsync().ConfigureAwait(false))
            {
                heads.Enqueue(log, (open[log].Current.Time, log));
            }
        }
    }
}
