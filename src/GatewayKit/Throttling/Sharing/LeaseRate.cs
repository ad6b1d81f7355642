namespace GatewayKit.Throttling.Sharing;

/// <summary>Serves from leases. Nothing comes back by itself: what is used up or void is as if it had never been.</summary>
/// <param name="Batch">Units that are held at most.</param>
internal readonly record struct LeaseRate(int Batch) : IRate<Lease>
{
    public bool TryTake(in Lease state, long now, int cost, out Lease next, out long wait, long maxWait = 0)
    {
        var taken = now < state.Until && cost <= state.Units;
        (next, wait) = (taken ? state with { Units = state.Units - cost } : state, 0);
        return taken;
    }

    // What has become void meanwhile stays so, and what was of another lease would be void at another time: the store would give it a second time.
    public Lease Settle(in Lease state, in RateUse use, long now) =>
        use.Mark == MarkOf(state) && now < state.Until ? state with { Units = (int)Math.Max(state.Units, Math.Min(Batch, state.Units + use.Reserved - use.Actual)) } : state;

    // Which lease it was. Those that are void at the same moment are as good as one.
    public long MarkOf(in Lease state) => -state.Until;

    public Lease Forget(in Lease fresh, in Lease dropped) => default;

    public int Remaining(in Lease state, long now, out long next)
    {
        next = 0;
        return now < state.Until ? state.Units : 0;
    }

    public bool IsUsed(in Lease state) => state.Until != 0;

    public bool IsFull(in Lease state, long now) => state.Units == 0 || now >= state.Until;
}
