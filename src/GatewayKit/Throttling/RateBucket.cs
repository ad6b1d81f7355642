using System.Runtime.CompilerServices;

namespace GatewayKit.Throttling;

/// <summary>One allowance, without a timer. State of one word needs no lock. Safe to use from any thread.</summary>
internal sealed class RateBucket<TRate, TState>(TRate rate, ThrottleClock clock)
    where TRate : struct, IRate<TState>
    where TState : unmanaged
{
    // Beyond this many lost rounds the losers queue up, so that none of them spins for ever.
    private const int MaxLostRounds = 16;

    private readonly Lock _lock = new();
    private TState _state;

    // Known when the code is compiled for the state.
    private static bool IsWord => typeof(TState) == typeof(long);

    private ref long Word => ref Unsafe.As<TState, long>(ref _state);

    /// <summary>Takes units, or none.</summary>
    /// <param name="cost">Units, 0 to what a full allowance holds.</param>
    public RateDecision Take(int cost)
    {
        for (var round = 0; IsWord && round < MaxLostRounds; round++)
        {
            if (TryDecide(cost, out var decision))
            {
                return decision;
            }
        }

        lock (_lock)
        {
            RateDecision decision;
            while (!TryDecide(cost, out decision))
            {
            }

            return decision;
        }
    }

    /// <summary>Corrects what was taken to what was used.</summary>
    public void Settle(in RateUse use)
    {
        lock (_lock)
        {
            TState before;
            do
            {
                before = Read();
            }
            while (!TryReplace(before, rate.Settle(before, use, clock.Now)));
        }
    }

    // Decides and takes in one step: a check that is followed by a separate take lets too many through.
    private bool TryDecide(int cost, out RateDecision decision)
    {
        var before = Read();
        var now = clock.Now;
        var taken = rate.TryTake(before, now, cost, out var next, out var wait);
        decision = RateDecision.Of(rate, next, taken, now, wait);
        return !taken || TryReplace(before, next);
    }

    private TState Read() => IsWord ? Unsafe.BitCast<long, TState>(Volatile.Read(ref Word)) : _state;

    private bool TryReplace(TState before, TState next)
    {
        if (IsWord)
        {
            var seen = Unsafe.BitCast<TState, long>(before);
            return Interlocked.CompareExchange(ref Word, Unsafe.BitCast<TState, long>(next), seen) == seen;
        }

        _state = next;
        return true;
    }
}
