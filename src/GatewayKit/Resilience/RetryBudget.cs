namespace GatewayKit.Resilience;

/// <summary>
/// Retries as a share of requests, over a sliding window of ten slots (Finagle, tower). Each first attempt deposits, each retry withdraws; a reserve
/// lets a cluster with little traffic retry at all. Safe for concurrent use.
/// </summary>
internal sealed class RetryBudget(RetryBudgetPolicy policy, TimeProvider time)
{
    private const int Slots = 10;

    // Thousandths of a deposit, so that a ratio such as 0.3 is not rounded to a third.
    private const long Scale = 1_000;

    private readonly Lock _lock = new();
    private readonly long[] _slots = new long[Slots];
    private readonly long _slotTicks = Math.Max(1, (long)(policy.Window.TotalSeconds * time.TimestampFrequency / Slots));
    private readonly long _cost = policy.Ratio > 0 ? (long)(Scale / policy.Ratio) : 0;
    private readonly long _reserve = policy.Ratio > 0 ? (long)(policy.MinPerSecond * policy.Window.TotalSeconds * Scale / policy.Ratio) : 0;
    private long _slot;

    public void Deposit()
    {
        lock (_lock)
        {
            _slots[Turn()] += Scale;
        }
    }

    public bool TryWithdraw()
    {
        lock (_lock)
        {
            var slot = Turn();
            if (_cost == 0 || _slots.Sum() + _reserve < _cost)
            {
                return false;
            }

            _slots[slot] -= _cost;
            return true;
        }
    }

    private int Turn()
    {
        var now = time.GetTimestamp() / _slotTicks;
        for (var steps = Math.Min(Slots, now - _slot); steps > 0; steps--)
        {
            _slots[(int)((now - steps + 1) % Slots)] = 0;
        }

        _slot = Math.Max(_slot, now);
        return (int)(_slot % Slots);
    }
}
