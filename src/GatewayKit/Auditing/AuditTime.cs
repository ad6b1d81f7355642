using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing;

/// <summary>A moment by both clocks.</summary>
/// <param name="time">The clocks.</param>
internal readonly struct AuditTime(TimeProvider time)
{
    private readonly long _timestamp = time.GetTimestamp();

    /// <summary>By the wall clock.</summary>
    public DateTime Utc { get; } = time.GetUtcNow().UtcDateTime;

    /// <summary>By the clock that does not jump.</summary>
    public long Nanoseconds => JournalLines.Nanoseconds(time, _timestamp);

    /// <summary>The time since a timestamp.</summary>
    public TimeSpan Since(long timestamp) => time.GetElapsedTime(timestamp, _timestamp);
}
