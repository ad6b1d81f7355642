using System.Numerics;

namespace GatewayKit.Rollout.Splits;

/// <summary>
/// How many different keys there were in the last ten to twenty minutes: HyperLogLog (Flajolet et al., 2007) with 1,024 registers, whose standard error
/// is 1.04/√1024 ≈ 3 %. A key that was counted costs two reads. Safe for concurrent use: a register that two write at once may lose one key.
/// </summary>
internal sealed class KeyEstimate(TimeProvider time)
{
    private const int IndexBits = 10;
    private const int Registers = 1 << IndexBits;
    private const int MostZeroes = 36;

    private static readonly TimeSpan Generation = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private byte[] _current = new byte[Registers], _former = new byte[Registers];
    private long _nextTurn = time.GetTimestamp() + (long)(Generation.TotalSeconds * time.TimestampFrequency);

    public void Add(ulong hash)
    {
        if (time.GetTimestamp() >= Volatile.Read(ref _nextTurn))
        {
            Turn();
        }

        // Buckets are made of the high bits, so that those of one side are alike: only the low ones are random here.
        var rank = (byte)(BitOperations.TrailingZeroCount((hash >> IndexBits) | (1UL << MostZeroes)) + 1);
        var registers = Volatile.Read(ref _current);
        ref var register = ref registers[hash & (Registers - 1)];
        if (register < rank)
        {
            register = rank;
        }
    }

    /// <summary>How many there were.</summary>
    public long Count
    {
        get
        {
            if (time.GetTimestamp() >= Volatile.Read(ref _nextTurn))
            {
                Turn();
            }

            var (sum, empty) = (0d, 0);
            for (var i = 0; i < Registers; i++)
            {
                var rank = Math.Max(_current[i], _former[i]);
                sum += Math.ScaleB(1, -rank);
                empty += rank == 0 ? 1 : 0;
            }

            // The correction of the paper for small counts.
            var raw = 0.7213 / (1 + (1.079 / Registers)) * Registers * Registers / sum;
            return (long)Math.Round(raw <= 2.5 * Registers && empty > 0 ? Registers * Math.Log((double)Registers / empty) : raw);
        }
    }

    private void Turn()
    {
        lock (_lock)
        {
            var (now, length) = (time.GetTimestamp(), (long)(Generation.TotalSeconds * time.TimestampFrequency));
            var late = now - _nextTurn;
            if (late < 0)
            {
                return;
            }

            _former = late < length ? _current : new byte[Registers];
            _current = new byte[Registers];
            Volatile.Write(ref _nextTurn, now + length - (late % length));
        }
    }
}
