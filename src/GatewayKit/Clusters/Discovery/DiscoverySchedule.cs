namespace GatewayKit.Clusters.Discovery;

/// <summary>When a source is asked next, and how long what it said last serves. Used by one question at a time.</summary>
internal sealed class DiscoverySchedule(ClusterDiscovery settings, TimeProvider time, Func<double> random)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    private long _failingSince;

    /// <summary>How many questions in a row failed.</summary>
    public int Failures { get; private set; }

    /// <summary>Whether the source has failed for so long that what it said last does not serve any more.</summary>
    public bool IsStale => Failures > 0 && Left is { Ticks: <= 0 };

    // Null: for ever.
    private TimeSpan? Left => settings.KeepLastGood == Timeout.InfiniteTimeSpan ? null : settings.KeepLastGood - time.GetElapsedTime(_failingSince);

    public void Succeeded() => Failures = 0;

    public void Failed()
    {
        if (Failures++ == 0)
        {
            _failingSince = time.GetTimestamp();
        }
    }

    /// <summary>How long an answer may take: not longer than what is there serves.</summary>
    public TimeSpan Patience(bool hasLastGood) => hasLastGood && Failures > 0 && Left is { Ticks: > 0 } left && left < DestinationWatch.Longest ? left : DestinationWatch.Longest;

    /// <summary>How long to wait before the next question; infinite to wait for the source.</summary>
    public TimeSpan Next(bool hasLastGood)
    {
        var isPaced = settings.Refresh != Timeout.InfiniteTimeSpan;
        if (Failures == 0)
        {
            return isPaced ? Jittered(settings.Refresh) : Timeout.InfiniteTimeSpan;
        }

        var most = isPaced && settings.Refresh < LongestRetry ? settings.Refresh : LongestRetry;
        var retry = FirstRetry * Math.Pow(2, Math.Min(Failures - 1, 10));
        var next = Jittered(retry < most ? retry : most);

        // In time to notice that what is there serves no more.
        return hasLastGood && Left is { } left && left < next ? TimeSpan.FromTicks(Math.Max(0, left.Ticks)) : next;
    }

    private TimeSpan Jittered(TimeSpan span) => Jitter.Around(span, random);
}
