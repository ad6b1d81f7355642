namespace GatewayKit.Rollout.Splits;

/// <summary>What a side did in a window.</summary>
internal sealed class TrafficSample
{
    private readonly int[] _latencies = new int[LatencyBuckets.Count];

    public long Requests { get; private set; }

    public long Failures { get; private set; }

    public double FailureRate => Requests == 0 ? 0 : (double)Failures / Requests;

    public void Add(int requests, int failures, ReadOnlySpan<int> latencies)
    {
        (Requests, Failures) = (Requests + requests, Failures + failures);
        for (var i = 0; i < latencies.Length; i++)
        {
            _latencies[i] += latencies[i];
        }
    }

    /// <summary>The time that a share of the requests did not exceed, rounded up to the bound of its class.</summary>
    public TimeSpan Percentile(double share)
    {
        var (wanted, seen) = (_latencies.Sum(static count => (long)count) * share, 0L);
        for (var i = 0; i < _latencies.Length; i++)
        {
            seen += _latencies[i];
            if (seen > 0 && seen >= wanted)
            {
                return LatencyBuckets.UpperBound(i);
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>The share of the requests that took longer than a time, as far as the classes tell: those of the class that the time is in do not count.</summary>
    public double ShareAbove(TimeSpan time)
    {
        var above = 0L;
        for (var i = LatencyBuckets.IndexOf(time) + 1; i < _latencies.Length; i++)
        {
            above += _latencies[i];
        }

        return Requests == 0 ? 0 : (double)above / Requests;
    }
}
