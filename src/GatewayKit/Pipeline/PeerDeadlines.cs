namespace GatewayKit.Pipeline;

/// <summary>What gateways in front say of how long an answer is still wanted, for policies that let requests wait before the deadline of the route is set.</summary>
internal sealed class PeerDeadlines(TrustedPeers peers, TimeProvider time)
{
    /// <summary>The deadline of a request, as a timestamp; <see cref="long.MaxValue"/> without one.</summary>
    /// <param name="context">The request.</param>
    /// <param name="now">The timestamp that a peer's word counts from.</param>
    public long Of(GatewayContext context, long now) =>
        peers.Include(context.HttpContext) && DeadlineField.TryRead(context.HttpContext.Request, out var wanted)
            ? Math.Min(context.Deadline, now + (long)(wanted.TotalSeconds * time.TimestampFrequency))
            : context.Deadline;

    /// <summary>Lets what a peer says count from here on: the time that is waited is none that the destination has.</summary>
    /// <returns>What is left; <see langword="null"/> without a deadline.</returns>
    public TimeSpan? Note(GatewayContext context)
    {
        var now = time.GetTimestamp();
        var deadline = Of(context, now);
        if (deadline < context.Deadline)
        {
            (context.Deadline, context.DeadlineGrants) = (deadline, TimeSpan.Zero);
        }

        return deadline == long.MaxValue ? null : time.GetElapsedTime(now, deadline);
    }
}
