namespace GatewayKit.Throttling.Replay;

/// <summary>
/// Puts records in the order of their times: a log is written when answers are done. A record waits until one comes that is later by the whole span, or until there is no
/// room. Records of one time keep their order.
/// </summary>
internal sealed class ReplayOrder(TimeSpan span)
{
    /// <summary>How many may wait, so that memory is bounded at any rate.</summary>
    public const int Capacity = 100_000;

    private readonly PriorityQueue<AccessRecord, (long Time, long Order)> _waiting = new();
    private long _newest = long.MinValue;
    private long _count;

    public void Add(AccessRecord record)
    {
        var time = record.Time.UtcTicks;
        _newest = Math.Max(_newest, time);
        _waiting.Enqueue(record, (time, _count++));
    }

    /// <param name="isEnd">Whether no more come.</param>
    /// <param name="record">The next one.</param>
    public bool TryTake(bool isEnd, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out AccessRecord? record)
    {
        record = null;
        return _waiting.TryPeek(out _, out var first)
            && (isEnd || _newest - first.Time >= span.Ticks || _waiting.Count > Capacity)
            && _waiting.TryDequeue(out record, out _);
    }
}
