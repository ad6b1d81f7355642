using System.Runtime.InteropServices;

namespace GatewayKit.Resilience;

/// <summary>
/// Retries as a share of requests, over a sliding window (Finagle, tower). Each first attempt deposits, each retry withdraws; a reserve lets a
/// cluster with little traffic retry at all. Retries count for a slot longer than requests do, so that what is promised holds for every window that
/// one may look at: never more retries than the ratio of the requests, and the reserve. Safe for concurrent use; a lock is taken once a slot.
/// </summary>
internal sealed class RetryBudget(RetryBudgetPolicy policy, TimeProvider time)
{
    private const int Slots = 10;

    // More than are looked at, and a power of two.
    private const int Kept = 16;

    // Whole numbers, so that 7 % of 100 is 7: ratios are kept in millionths.
    private const long Scale = 1_000_000;

    private readonly long _slotTicks = Math.Max(1, (long)Math.Round(policy.Window.TotalSeconds * time.TimestampFrequency / Slots));
    private readonly long _ratio = (long)Math.Round(policy.Ratio * Scale);
    private readonly long _reserve = (long)Math.Round(policy.MinPerSecond * policy.Window.TotalSeconds * Scale);
    private readonly Slot[] _slots = new Slot[Kept];
    private readonly Lock _emptying = new();

    /// <summary>A request has come.</summary>
    public void Deposit() => Interlocked.Increment(ref Current(out _).Requests);

    /// <summary>Asks for leave to send a request again, and takes it.</summary>
    public bool TryWithdraw()
    {
        ref var slot = ref Current(out var turn);
        if (!IsWithin(turn, more: 1))
        {
            return false;
        }

        // Taken first and looked at then: of those who take at the same moment all see at least what was granted before, so never too much is
        // granted. At the very limit they may all give back what one of them could have had.
        Interlocked.Increment(ref slot.Retries);
        if (IsWithin(turn, more: 0))
        {
            return true;
        }

        Interlocked.Decrement(ref slot.Retries);
        return false;
    }

    /// <summary>What was withdrawn was not used.</summary>
    public void PutBack()
    {
        // Its slot may be over: then it counts for as long as one that was used.
        ref var slot = ref Current(out _);
        if (Interlocked.Decrement(ref slot.Retries) < 0)
        {
            Interlocked.Increment(ref slot.Retries);
        }
    }

    private bool IsWithin(long turn, int more)
    {
        var (requests, retries) = (0L, (long)more);
        foreach (ref var slot in _slots.AsSpan())
        {
            var age = turn - Volatile.Read(ref slot.Turn);
            if (age <= Slots)
            {
                retries += Volatile.Read(ref slot.Retries);
                requests += age < Slots ? Volatile.Read(ref slot.Requests) : 0;
            }
        }

        return retries * Scale <= (requests * _ratio) + _reserve;
    }

    private ref Slot Current(out long turn)
    {
        turn = time.GetTimestamp() / _slotTicks;
        ref var slot = ref _slots[(int)(turn % Kept)];
        if (Volatile.Read(ref slot.Turn) != turn)
        {
            Empty(ref slot, turn);
        }

        return ref slot;
    }

    private void Empty(ref Slot slot, long turn)
    {
        lock (_emptying)
        {
            if (slot.Turn < turn)
            {
                (slot.Requests, slot.Retries) = (0, 0);
                Volatile.Write(ref slot.Turn, turn);
            }
        }
    }

    // As large as what processors pass to and fro.
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct Slot
    {
        public long Turn;
        public long Requests;
        public long Retries;
    }
}
