namespace GatewayKit.Clusters;

/// <summary>
/// Lets one warning of a kind through in a while and counts the rest: a destination that is down fails every request, and says nothing
/// new with each. Safe for concurrent use.
/// </summary>
internal sealed class WarningPace(TimeProvider time)
{
    /// <summary>How long a kind stays quiet after a warning.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private const int Kinds = 64;

    private readonly long[] _due = new long[Kinds];
    private readonly long[] _silenced = new long[Kinds];
    private readonly long _quietTicks = (long)(Quiet.TotalSeconds * time.TimestampFrequency);

    /// <param name="kind">A small number.</param>
    /// <param name="silenced">How many of this kind were held back since the one before, if this one may be said.</param>
    /// <returns>Whether it may be said.</returns>
    public bool MaySay(int kind, out long silenced)
    {
        ref var due = ref _due[kind % Kinds];
        var seen = Volatile.Read(ref due);
        var now = Math.Max(1, time.GetTimestamp());
        if ((seen == 0 || now >= seen) && Interlocked.CompareExchange(ref due, now + _quietTicks, seen) == seen)
        {
            silenced = Interlocked.Exchange(ref _silenced[kind % Kinds], 0);
            return true;
        }

        silenced = 0;
        Interlocked.Increment(ref _silenced[kind % Kinds]);
        return false;
    }
}
