using System.Runtime.CompilerServices;

namespace GatewayKit.Throttling.Replay;

/// <summary>The records in the order of their times, without those that cannot be or should not be replayed.</summary>
internal sealed class ReplayFeed(IAsyncEnumerable<AccessRecord> records, TimeSpan maxDisorder, bool onlyServed)
{
    // The clock of throttles lasts for 18 years.
    private static readonly TimeSpan LongestLog = TimeSpan.FromDays(3_653);

    private readonly ReplayOrder _order = new(maxDisorder);
    private DateTimeOffset? _first;
    private DateTimeOffset _now;

    public long Late { get; private set; }

    public long OutOfRange { get; private set; }

    public long LeftOut { get; private set; }

    public long MalformedLines => records switch
    {
        AccessLog log => log.MalformedLines,
        MergedLogs logs => logs.MalformedLines,
        _ => 0,
    };

    public async IAsyncEnumerable<AccessRecord> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var record in records.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (onlyServed && record.WasRefused)
            {
                LeftOut++;
                continue;
            }

            _order.Add(record);
            while (_order.TryTake(isEnd: false, out var next))
            {
                if (IsInRange(next))
                {
                    yield return next;
                }
            }
        }

        while (_order.TryTake(isEnd: true, out var next))
        {
            if (IsInRange(next))
            {
                yield return next;
            }
        }
    }

    private bool IsInRange(AccessRecord record)
    {
        if (record.Time - (_first ??= record.Time) > LongestLog)
        {
            OutOfRange++;
            return false;
        }

        if (record.Time < _now)
        {
            Late++;
        }
        else
        {
            _now = record.Time;
        }

        return true;
    }
}
