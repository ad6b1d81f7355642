using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Throttling;

/// <summary>
/// The generic cell rate algorithm for costs that are known when the request is done. What was taken too much comes back as far as it has not come back by itself. Of requests at the same
/// time each moves the others forward when it gives back, so that who settles has to know how much was given back since it took: else two would get the same time.
/// </summary>
internal readonly record struct SettlingGcra : IRate<SettledTime>
{
    private readonly Gcra _gcra;

    /// <param name="rule">The rate.</param>
    public SettlingGcra(RateRule rule) => _gcra = new(rule);

    public bool TryTake(in SettledTime state, long now, int cost, out SettledTime next, out long wait, long maxWait = 0)
    {
        var taken = _gcra.TryTake(state.FullAt, now, cost, out var fullAt, out wait);
        next = state with { FullAt = fullAt };
        return taken;
    }

    public SettledTime Settle(in SettledTime state, in RateUse use, long now)
    {
        if (use.Actual > use.Reserved)
        {
            return state with { FullAt = _gcra.Settle(state.FullAt, use, now) };
        }

        // Nobody's part lasts longer than the largest debt. Who does not know its place had the first.
        var left = now - use.Since > 2 * _gcra.Tolerance ? 0
            : use.Mark == 0 ? (use.Reserved * _gcra.Increment) - (now - use.Since)
            : unchecked(use.Mark - state.Credited) - now;
        var back = Math.Clamp(left, 0, (use.Reserved - use.Actual) * _gcra.Increment);
        return new(Math.Max(1, state.FullAt - back), unchecked(state.Credited + back));
    }

    public long MarkOf(in SettledTime state) => unchecked(state.FullAt + state.Credited);

    // What a dropped key gave back counts on: requests of it that are still to settle must find it, whoever has its slot then.
    public SettledTime Forget(in SettledTime fresh, in SettledTime dropped) => new(0, unchecked(dropped.Credited - fresh.Credited) > 0 ? dropped.Credited : fresh.Credited);

    public int Remaining(in SettledTime state, long now, out long next) => _gcra.Remaining(state.FullAt, now, out next);

    public bool IsUsed(in SettledTime state) => state.FullAt != 0;

    public bool IsFull(in SettledTime state, long now) => state.FullAt <= now;
}
