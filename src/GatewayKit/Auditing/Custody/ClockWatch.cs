namespace GatewayKit.Auditing.Custody;

/// <summary>Knows by how much the wall clock was set ahead since the process began. By a clock that is years ahead everything is old. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class ClockWatch(TimeProvider time)
{
    // What slewing adds up to in the life of a process is less.
    private static readonly TimeSpan Far = TimeSpan.FromDays(1);

    private readonly DateTimeOffset _began = time.GetUtcNow();
    private readonly long _timestamp = time.GetTimestamp();

    /// <summary>
    /// Whether a clock that nobody has watched can be right: it is not before the newest record, and not further behind it than lines are kept, for then nothing would be left. Hosts that share a directory differ by less than a day.
    /// </summary>
    /// <param name="now">What it says.</param>
    /// <param name="newest">When the newest record was written.</param>
    /// <param name="retainFor">How long lines are kept.</param>
    public static bool IsPlausible(DateTimeOffset now, DateTimeOffset newest, TimeSpan retainFor) => newest - now <= Far && now - newest <= retainFor;

    /// <summary>By how much it is ahead of the time that has passed, if that is more than a day; otherwise <see langword="null"/>.</summary>
    public TimeSpan? FarAhead => time.GetUtcNow() - _began - time.GetElapsedTime(_timestamp) is var ahead && ahead > Far ? ahead : null;
}
