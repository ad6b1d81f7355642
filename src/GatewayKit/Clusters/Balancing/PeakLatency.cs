using GatewayKit.Resilience;

namespace GatewayKit.Clusters.Balancing;

/// <summary>
/// How long a destination takes to the head of an answer: a longer time counts at once, a shorter one moves the mean, and what was long ago fades, so
/// that a destination that nobody asks is asked again. Safe for concurrent use, without a lock: mean and time are one word.
/// </summary>
internal sealed class PeakLatency(TimeProvider time)
{
    /// <summary>What a destination is taken for that nothing is known of, in seconds.</summary>
    public const double UnknownSeconds = 0.010;

    /// <summary>After how long a value has faded to 1/e, in seconds.</summary>
    public const double FadeSeconds = 10;

    // A destination that only ever failed: nobody knows what an answer takes.
    private const double UnknownPeakSeconds = 1;

    // How far apart two threads may read the clock, in milliseconds.
    private const uint LatestRace = 60_000;

    private readonly long _epoch = time.GetTimestamp();
    private readonly QuantileEstimate _peak = new(0.99);

    // The mean as a float in the upper half, milliseconds since the epoch in the lower one. They wrap after 49 days, to no harm: an estimate that old
    // has faded in any case.
    private long _word = Pack((float)UnknownSeconds, 0);

    /// <summary>Takes note of an answer or a failure.</summary>
    /// <param name="elapsed">To the head of the answer, or to the failure.</param>
    /// <param name="isError">
    /// Whether it was a failure or an error of the server's. Those are often fast: one counts as no less than what 99 of 100 good answers stay below, or
    /// 1 s before there was any. Otherwise a destination that fails in a millisecond would draw all requests to it.
    /// </param>
    public void Observe(TimeSpan elapsed, bool isError)
    {
        var seconds = elapsed.TotalSeconds;
        if (isError)
        {
            seconds = Math.Max(seconds, _peak.Value > 0 ? _peak.Value : UnknownPeakSeconds);
        }
        else
        {
            _peak.Observe(seconds);
        }

        var now = Milliseconds(time.GetTimestamp());
        while (true)
        {
            var before = Volatile.Read(ref _word);
            var (mean, fade) = (Mean(before), Fade(before, now));
            var next = seconds > mean ? seconds : (mean * fade) + (seconds * (1 - fade));
            if (Interlocked.CompareExchange(ref _word, Pack((float)next, now), before) == before)
            {
                return;
            }
        }
    }

    /// <summary>What it takes now, in seconds.</summary>
    /// <param name="timestamp">Now, by the clock it was made with.</param>
    public double Estimate(long timestamp)
    {
        var word = Volatile.Read(ref _word);
        return Mean(word) * Fade(word, Milliseconds(timestamp));
    }

    private static double Mean(long word) => BitConverter.Int32BitsToSingle((int)(word >> 32));

    private static double Fade(long word, uint now)
    {
        var age = unchecked(now - (uint)word);

        // Another thread read the clock later and wrote first: that is no age.
        return age > uint.MaxValue - LatestRace ? 1 : Math.Exp(-age / (FadeSeconds * 1_000));
    }

    private static long Pack(float mean, uint now) => ((long)BitConverter.SingleToInt32Bits(mean) << 32) | now;

    private uint Milliseconds(long timestamp) => unchecked((uint)(long)time.GetElapsedTime(_epoch, timestamp).TotalMilliseconds);
}
