using System.Numerics;

namespace GatewayKit.Identity.Addresses;

/// <summary>Ranges of numbers, merged and sorted.</summary>
internal static class AddressRanges
{
    /// <param name="ranges">First and last number of each, in any order, overlapping or not.</param>
    /// <returns>The same numbers in ranges that are apart, in ascending order.</returns>
    public static (T First, T Last)[] Merge<T>(List<(T First, T Last)> ranges)
        where T : struct, IBinaryInteger<T>, IUnsignedNumber<T>, IMinMaxValue<T>
    {
        ranges.Sort(static (one, other) => one.First.CompareTo(other.First));
        var merged = new List<(T First, T Last)>(ranges.Count);
        foreach (var range in ranges)
        {
            if (merged.Count > 0 && (merged[^1].Last == T.MaxValue || range.First <= merged[^1].Last + T.One))
            {
                merged[^1] = (merged[^1].First, T.Max(merged[^1].Last, range.Last));
            }
            else
            {
                merged.Add(range);
            }
        }

        return [.. merged];
    }
}

/// <summary>Ranges of IPv4 addresses. Immutable.</summary>
internal sealed class IPv4Ranges
{
    private readonly SortedKeys<uint> _firsts;
    private readonly uint[] _lasts;

    public IPv4Ranges(List<(uint First, uint Last)> ranges)
    {
        var merged = AddressRanges.Merge(ranges);
        _firsts = new([.. merged.Select(static range => range.First)]);
        _lasts = [.. merged.Select(static range => range.Last)];
    }

    public int Count => _lasts.Length;

    // The last range that starts at or before it, if any, ends before it or holds it.
    public bool Contains(uint address) => _firsts.CountUpTo(address) is > 0 and var count && address <= _lasts[count - 1];
}

/// <summary>Ranges of IPv6 addresses: found by the first halves of their addresses, which are networks of hosts (RFC 4291 §2.5.4) and seldom divided. Immutable.</summary>
internal sealed class IPv6Ranges
{
    private readonly SortedKeys<ulong> _firsts;
    private readonly (UInt128 First, UInt128 Last)[] _ranges;

    public IPv6Ranges(List<(UInt128 First, UInt128 Last)> ranges)
    {
        _ranges = AddressRanges.Merge(ranges);
        _firsts = new([.. _ranges.Select(static range => (ulong)(range.First >> 64))]);
    }

    public int Count => _ranges.Length;

    public bool Contains(UInt128 address)
    {
        var count = _firsts.CountUpTo((ulong)(address >> 64));
        if (count > 0 && _ranges[count - 1].First > address)
        {
            // Within one half: the order is that of the other.
            count = CountUpTo(address, count - 1);
        }

        return count > 0 && address <= _ranges[count - 1].Last;
    }

    private int CountUpTo(UInt128 address, int high)
    {
        var low = 0;
        while (low < high)
        {
            var middle = (int)((uint)(low + high) >> 1);
            (low, high) = _ranges[middle].First <= address ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
