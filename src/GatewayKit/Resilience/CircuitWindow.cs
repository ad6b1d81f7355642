using System.Runtime.InteropServices;

namespace GatewayKit.Resilience;

/// <summary>
/// Results of the last while, in ten slots. Counting a success is one addition; a slot is emptied, under a lock, when its time comes round again.
/// Safe for concurrent use: a result that is counted in the very moment in which its slot is emptied may be lost, which moves a share by one result.
/// </summary>
internal sealed class CircuitWindow(TimeSpan length, TimeProvider time)
{
    private const int Slots = 10;
    private const long Never = long.MinValue / 2;

    private readonly long _slotTicks = Math.Max(1, (long)Math.Round(length.TotalSeconds * time.TimestampFrequency / Slots));
    private readonly Slot[] _slots = new Slot[Slots];
    private readonly Lock _emptying = new();
    private long _lastTrouble = Never;

    /// <summary>Counts a result.</summary>
    /// <returns>Whether the window may hold anything but quick successes: if not, it speaks against nobody and need not be added up.</returns>
    public bool Add(bool isFailure, bool isSlow)
    {
        var turn = time.GetTimestamp() / _slotTicks;
        ref var slot = ref _slots[(int)(turn % Slots)];
        if (Volatile.Read(ref slot.Turn) != turn)
        {
            Empty(ref slot, turn);
        }

        // The result before what it was, and added up the other way round: nobody sees more failures than results.
        Interlocked.Increment(ref slot.Results);
        if (isFailure)
        {
            Interlocked.Increment(ref slot.Failures);
        }

        if (isSlow)
        {
            Interlocked.Increment(ref slot.Slow);
        }

        if (isFailure || isSlow)
        {
            Volatile.Write(ref _lastTrouble, turn);
        }

        return turn - Volatile.Read(ref _lastTrouble) < Slots;
    }

    /// <summary>Adds up what it holds.</summary>
    public CircuitTally Sum()
    {
        var turn = time.GetTimestamp() / _slotTicks;
        var (results, failures, slow) = (0L, 0L, 0L);
        foreach (ref var slot in _slots.AsSpan())
        {
            if (turn - Volatile.Read(ref slot.Turn) < Slots)
            {
                failures += Volatile.Read(ref slot.Failures);
                slow += Volatile.Read(ref slot.Slow);
                results += Volatile.Read(ref slot.Results);
            }
        }

        return new(results, failures, slow);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_emptying)
        {
            foreach (ref var slot in _slots.AsSpan())
            {
                slot.Failures = slot.Slow = slot.Results = 0;
            }

            Volatile.Write(ref _lastTrouble, Never);
        }
    }

    private void Empty(ref Slot slot, long turn)
    {
        lock (_emptying)
        {
            if (slot.Turn < turn)
            {
                slot.Failures = slot.Slow = slot.Results = 0;
                Volatile.Write(ref slot.Turn, turn);
            }
        }
    }

    // As large as what processors pass to and fro: slots that different cores write to and read do not share one.
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct Slot
    {
        public long Turn;
        public long Results;
        public long Failures;
        public long Slow;
    }
}
