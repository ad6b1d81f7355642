using System.Runtime.CompilerServices;

namespace GatewayKit.Throttling.Replay;

/// <summary>The records in the order of their times, without those that cannot be or should not be replayed.</summary>
internal sealed class ReplayFeed(IAsyncEnumerable<AccessRecord> records, TimeSpan maxDisorder, bool onlyServed)
{
    // The clock of throttles lasts for 18 years.
    private static readonly TimeSpan LongestLog = TimeSpan.FromDays(3_653);

    private readonly ReplayOrder _order = new(maxDisorder);
    private DateTimeOffset _earliest = DateTimeOffset.MaxValue;
    private DateTimeOffset _latest = DateTimeOffset.MinValue;
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

            if (!IsInRange(record))
            {
                OutOfRange++;
                continue;
            }

            _order.Add(record);
            while (_order.TryTake(isEnd: false, out var next))
            {
                yield return Next(next);
            }
        }

        while (_order.TryTake(isEnd: true, out var next))
        {
            yield return Next(next);
        }
    }

    // Before it is put in order: one of a far time would have all others seem to be long due.
    private bool IsInRange(AccessRecord record)
    {
        var earliest = record.Time < _earliest ? record.Time : _earliest;
        var latest = record.Time > _latest ? record.Time : _latest;
        if (latest - earliest > LongestLog)
        {
            return false;
        }

        (_earliest, _latest) = (earliest, latest);
        return true;
    }

    private AccessRecord Next(AccessRecord record)
    {
        if (record.Time < _now)
        {
            Late++;
        }
        else
        {
            _now = record.Time;
        }

        return record;
    }
}
