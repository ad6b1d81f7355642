using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace GatewayKit.Identity.Addresses;

/// <summary>
/// Sorted numbers, to be asked how many are not above another one: a static search tree with 16 keys a node, each of which is compared at once. Of 100,000 keys it reads five
/// nodes, and only the last is not in a cache, however the keys are spread (AddressBenchmarks). Immutable.
/// </summary>
internal sealed class SortedKeys<T>
    where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>, IMinMaxValue<T>
{
    private const int NodeKeys = 16;

    // From the root down to all keys. Of a node the level above has the first key.
    private readonly T[][] _levels;
    private readonly int _count;

    /// <param name="keys">The numbers in ascending order.</param>
    public SortedKeys(ReadOnlySpan<T> keys)
    {
        _count = keys.Length;
        var levels = new List<T[]> { Pad(keys) };
        while (levels[0].Length > NodeKeys)
        {
            var below = levels[0];
            var firsts = new T[below.Length / NodeKeys];
            for (var node = 0; node < firsts.Length; node++)
            {
                firsts[node] = below[node * NodeKeys];
            }

            levels.Insert(0, Pad(firsts));
        }

        _levels = [.. levels];
    }

    /// <summary>How many keys are at most <paramref name="number"/>.</summary>
    public int CountUpTo(T number)
    {
        // What fills up the last nodes is this, and is no key.
        if (number == T.MaxValue)
        {
            return _count;
        }

        var node = 0;
        var wanted = Vector256.Create(number);
        foreach (var level in _levels)
        {
            var inNode = CountIn(level, node, wanted);
            if (inNode == 0)
            {
                return 0;
            }

            // Where the node below stands, or, at the last level, the last key that counts.
            node = (node * NodeKeys) + inNode - 1;
        }

        return node + 1;
    }

    private static int CountIn(T[] level, int node, Vector256<T> wanted)
    {
        ref var first = ref MemoryMarshal.GetArrayDataReference(level);
        var count = 0;
        for (var key = 0; key < NodeKeys; key += Vector256<T>.Count)
        {
            count += BitOperations.PopCount(Vector256.LessThanOrEqual(Vector256.LoadUnsafe(ref first, (nuint)((node * NodeKeys) + key)), wanted).ExtractMostSignificantBits());
        }

        return count;
    }

    private static T[] Pad(ReadOnlySpan<T> keys)
    {
        var padded = new T[Math.Max(1, (keys.Length + NodeKeys - 1) / NodeKeys) * NodeKeys];
        keys.CopyTo(padded);
        padded.AsSpan(keys.Length).Fill(T.MaxValue);
        return padded;
    }
}
