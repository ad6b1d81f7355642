namespace GatewayKit.Auditing.Journal;

/// <summary>Sees that somebody has set the wall clock: it went on by another time than the one that nobody sets. Not thread-safe.</summary>
internal sealed class ClockSteps(TimeProvider time)
{
    // What slewing adds up to between two looks is less.
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(500);

    private DateTimeOffset _wall = time.GetUtcNow();
    private long _timestamp = time.GetTimestamp();

    /// <summary>By how much the clock was set since the last look; <see langword="null"/> if it was not.</summary>
    public TimeSpan? Look()
    {
        var (wall, timestamp) = (time.GetUtcNow(), time.GetTimestamp());
        var step = wall - _wall - time.GetElapsedTime(_timestamp, timestamp);
        (_wall, _timestamp) = (wall, timestamp);
        return step.Duration() >= Least ? step : null;
    }
}
