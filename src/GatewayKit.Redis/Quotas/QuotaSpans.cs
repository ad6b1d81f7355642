using System.Runtime.CompilerServices;
using GatewayKit.Throttling.Quotas;

namespace GatewayKit.Redis.Quotas;

/// <summary>
/// What the windows of calendars are now, by the clock of Redis as far as its answers have shown it: the script takes no other. Safe to use from any thread.
/// </summary>
internal sealed class QuotaSpans(TimeProvider time)
{
    private readonly ConditionalWeakTable<QuotaWindow, StrongBox<QuotaSpan>> _current = [];
    private long _ahead;

    /// <summary>Notes what time it is in Redis.</summary>
    public void Observe(DateTimeOffset now) => Volatile.Write(ref _ahead, (now - time.GetUtcNow()).Ticks);

    public QuotaSpan Current(QuotaWindow window)
    {
        var now = time.GetUtcNow().AddTicks(Volatile.Read(ref _ahead));
        if (_current.TryGetValue(window, out var known) && known.Value.Contains(now))
        {
            return known.Value;
        }

        var span = window.SpanAt(now);
        _current.AddOrUpdate(window, new(span));
        return span;
    }
}
