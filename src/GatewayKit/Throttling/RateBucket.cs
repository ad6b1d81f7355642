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
    /// <param name="maxWait">How long the request may wait for them.</param>
    public RateDecision Take(int cost, long maxWait = 0)
    {
        for (var round = 0; IsWord && round < MaxLostRounds; round++)
        {
            if (TryDecide(cost, maxWait, out var decision))
            {
                return decision;
            }
        }

        lock (_lock)
        {
            RateDecision decision;
            while (!TryDecide(cost, maxWait, out decision))
            {
            }

            return decision;
        }
    }

    /// <summary>Corrects what was taken to what was used.</summary>
    /// <returns>How the allowance stands.</returns>
    public RateDecision Settle(in RateUse use)
    {
        lock (_lock)
        {
            TState before, next;
            long now;
            do
            {
                (before, now) = (Read(), clock.Now);
                next = rate.Settle(before, use, now);
            }
            while (!TryReplace(before, next));
            return RateDecision.Of(rate, next, isTaken: true, now, wait: 0);
        }
    }

    /// <summary>How the allowance stands. Nothing is taken.</summary>
    public RateDecision Peek()
    {
        TState state;
        if (IsWord)
        {
            state = Read();
        }
        else
        {
            lock (_lock)
            {
                state = Read();
            }
        }

        return RateDecision.Peek(rate, state, clock.Now);
    }

    // Decides and takes in one step: a check that is followed by a separate take lets too many through.
    private bool TryDecide(int cost, long maxWait, out RateDecision decision)
    {
        var before = Read();
        var now = clock.Now;
        var taken = rate.TryTake(before, now, cost, out var next, out var wait, maxWait);
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
