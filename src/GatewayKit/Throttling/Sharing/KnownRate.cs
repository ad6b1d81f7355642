namespace GatewayKit.Throttling.Sharing;

/// <summary>A rate over what an instance knows: what it takes and gives back is noted for the store.</summary>
/// <param name="Rate">The rate.</param>
/// <param name="Burst">Units that a full allowance holds.</param>
/// <param name="Passing">Units that come back by themselves while a key waits to be told, and of which the store is told all the same: else it would not notice instances that each stay below the rate.</param>
internal readonly record struct KnownRate<TRate, TState>(TRate Rate, int Burst, long Passing) : IRate<KnownState<TState>>
    where TRate : struct, ISharedRate<TState>
    where TState : unmanaged
{
    public bool TryTake(in KnownState<TState> state, long now, int cost, out KnownState<TState> next, out long wait, long maxWait = 0)
    {
        var taken = Rate.TryTake(state.State, now, cost, out var after, out wait);
        next = taken ? state with { State = after, Pending = Add(state.Pending, cost) } : state;
        return taken;
    }

    public KnownState<TState> Settle(in KnownState<TState> state, in RateUse use, long now) =>
        state with { State = Rate.Settle(state.State, use, now), Pending = Add(state.Pending, Correction(use, now)) };

    public long MarkOf(in KnownState<TState> state) => 0;

    public KnownState<TState> Forget(in KnownState<TState> fresh, in KnownState<TState> dropped) => default;

    public int Remaining(in KnownState<TState> state, long now, out long next) => Rate.Remaining(state.State, now, out next);

    public bool IsUsed(in KnownState<TState> state) => Rate.IsUsed(state.State);

    // What is to be told is not forgotten. What found no room in the queue is: it would hold its place for ever.
    public bool IsFull(in KnownState<TState> state, long now) => !state.IsQueued && Rate.IsFull(state.State, now);

    /// <summary>Units that a store has to be told of after a settlement; below 0 if they are given back.</summary>
    public long Correction(in RateUse use, long now) => use.Actual > use.Reserved ? use.Actual - use.Reserved : -Rate.Left(use, now);

    /// <summary>Units of which the store has still to be told. What has come back by itself while it was away would be fresh debt there.</summary>
    public int Owed(in KnownState<TState> state, long now) => (int)Math.Min(state.Pending, Rate.Out(state.State, now) + Passing);

    /// <summary>
    /// What is pending after units were taken that counted once for each of several instances. This one has taken one part of what is out; the others tell of theirs, and all together owe no more
    /// than one would that has it all.
    /// </summary>
    public int OwedAlone(in KnownState<TState> state, in TState next, int cost, int instances, long now) =>
        (int)Math.Max(Owed(state, now), Math.Min(Add(state.Pending, cost), Math.Max(cost, (Rate.Out(next, now) / instances) + Passing)));

    /// <summary>The sum: no more than the twice a burst of which a store takes note.</summary>
    public int Add(int pending, long units)
    {
        var most = 2L * Burst;
        return (int)Math.Clamp(pending + Math.Clamp(units, -most, most), -most, most);
    }
}
