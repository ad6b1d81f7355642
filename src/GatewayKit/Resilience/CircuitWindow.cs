namespace GatewayKit.Resilience;

/// <summary>
/// Results of the last while, in ten slots. Counting is one addition to one number; a slot is emptied when its time comes round again. Safe for
/// concurrent use: a result that is counted while its slot turns may be counted in the next one or lost, and changes nothing.
/// </summary>
internal sealed class CircuitWindow(TimeSpan length, TimeProvider time)
{
    private const int Slots = 10;

    // Three counters of 21 bits: two million results a slot. One more carries into its neighbour, and the shares stay about right.
    private const int Bits = 21;
    private const long Mask = (1L << Bits) - 1;

    private readonly long _slotTicks = Math.Max(1, (long)(length.TotalSeconds * time.TimestampFrequency / Slots));
    private readonly long[] _counts = new long[Slots];
    private readonly long[] _turns = new long[Slots];
    private readonly Lock _turning = new();

    /// <summary>Counts a result.</summary>
    public void Add(bool isFailure, bool isSlow)
    {
        var turn = time.GetTimestamp() / _slotTicks;
        var slot = (int)(turn % Slots);
        if (Volatile.Read(ref _turns[slot]) != turn)
        {
            Turn(slot, turn);
        }

        Interlocked.Add(ref _counts[slot], 1L | (isFailure ? 1L << Bits : 0) | (isSlow ? 1L << (2 * Bits) : 0));
    }

    /// <summary>What the window holds.</summary>
    public (int Results, int Failures, int Slow) Sum()
    {
        var turn = time.GetTimestamp() / _slotTicks;
        var (results, failures, slow) = (0L, 0L, 0L);
        for (var slot = 0; slot < Slots; slot++)
        {
            if (turn - Volatile.Read(ref _turns[slot]) < Slots)
            {
                var counts = Volatile.Read(ref _counts[slot]);
                results += counts & Mask;
                failures += (counts >> Bits) & Mask;
                slow += (counts >> (2 * Bits)) & Mask;
            }
        }

        return ((int)results, (int)failures, (int)slow);
    }

    public void Clear()
    {
        lock (_turning)
        {
            Array.Clear(_counts);
        }
    }

    private void Turn(int slot, long turn)
    {
        lock (_turning)
        {
            if (_turns[slot] < turn)
            {
                Volatile.Write(ref _counts[slot], 0);
                Volatile.Write(ref _turns[slot], turn);
            }
        }
    }
}
