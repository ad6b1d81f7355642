using GatewayKit.Resilience;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>When a request has to be over.</summary>
/// <param name="At">A timestamp; <see cref="long.MaxValue"/> without a limit.</param>
/// <param name="StreamsAt">The same, should it turn out to be a stream: not every deadline ends those.</param>
/// <param name="IsGranted">
/// Whether <paramref name="At"/> is a setting of the route or of the cluster; not what a caller wants, who may want less than is fair, and not what
/// another cluster has left of its time.
/// </param>
internal readonly record struct CallDeadline(long At, long StreamsAt, bool IsGranted)
{
    /// <summary>The least that must be left for another attempt.</summary>
    public static readonly TimeSpan LeastLeft = TimeSpan.FromMilliseconds(50);

    public static CallDeadline None => new(long.MaxValue, long.MaxValue, IsGranted: true);

    public bool Exists => At != long.MaxValue;

    /// <summary>Whether there is time for another attempt, as long as half of them take.</summary>
    /// <param name="wait">What passes before it begins.</param>
    /// <param name="attemptTime">How long half of the attempts take, in milliseconds.</param>
    /// <param name="time">The clock.</param>
    public bool Allows(TimeSpan wait, QuantileEstimate attemptTime, TimeProvider time)
    {
        if (!Exists)
        {
            return true;
        }

        var usual = TimeSpan.FromMilliseconds(attemptTime.Value);
        return time.GetElapsedTime(time.GetTimestamp(), At) - wait >= (usual > LeastLeft ? usual : LeastLeft);
    }

    /// <summary>It is no later than what another cluster has left.</summary>
    public CallDeadline Within(in CallDeadline former) =>
        new(Math.Min(At, former.At), Math.Min(StreamsAt, former.StreamsAt), IsGranted && (At < former.At || !former.Exists));

    /// <summary>A caller wants it sooner, or not later.</summary>
    public CallDeadline Shorten(long asked) => new(Math.Min(At, asked), Math.Min(StreamsAt, asked), IsGranted && At <= asked);
}
