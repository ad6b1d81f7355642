namespace GatewayKit.Forwarding.Attempts;

/// <summary>When a request has to be over.</summary>
/// <param name="At">A timestamp; <see cref="long.MaxValue"/> without a limit.</param>
/// <param name="StreamsAt">The same, should it turn out to be a stream: not every deadline ends those.</param>
/// <param name="IsCallers">Whether <paramref name="At"/> is what the caller wants, who may want less than is fair, and not a setting of the gateway.</param>
internal readonly record struct CallDeadline(long At, long StreamsAt, bool IsCallers)
{
    public static CallDeadline None => new(long.MaxValue, long.MaxValue, IsCallers: false);

    public bool Exists => At != long.MaxValue;

    /// <summary>A caller wants it sooner, or not later.</summary>
    public CallDeadline Shorten(long asked) => new(Math.Min(At, asked), Math.Min(StreamsAt, asked), IsCallers || asked < At);
}
