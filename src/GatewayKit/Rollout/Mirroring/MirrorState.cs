namespace GatewayKit.Rollout.Mirroring;

/// <summary>How many copies of one route are on their way, and how many differences were told this minute. Survives reloads. Safe for concurrent use.</summary>
internal sealed class MirrorState(TimeProvider time)
{
    private int _inFlight;
    private long _minute = -1;
    private int _samples;

    /// <summary>Takes a place; who has one calls <see cref="Leave"/> once.</summary>
    public bool TryEnter(int most)
    {
        if (Interlocked.Increment(ref _inFlight) <= most)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _inFlight);

    /// <summary>Whether one more difference may be told.</summary>
    public bool MaySample(int perMinute)
    {
        var minute = (long)time.GetElapsedTime(0).TotalMinutes;
        var former = Volatile.Read(ref _minute);
        if (former != minute && Interlocked.CompareExchange(ref _minute, minute, former) == former)
        {
            Volatile.Write(ref _samples, 0);
        }

        return Interlocked.Increment(ref _samples) <= perMinute;
    }
}
