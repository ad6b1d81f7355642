using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Identity.Addresses;

/// <summary>A set of addresses. IPv4 that is mapped into IPv6 (RFC 4291 §2.5.5.2) is IPv4, in networks as in addresses; zones do not count. Immutable.</summary>
internal sealed class AddressTable
{
    // ::ffff:0:0/96.
    private const int MappedBits = 96;
    private const uint MappedMarker = 0xFFFF;

    private readonly IPv4Ranges _ipv4;
    private readonly IPv6Ranges _ipv6;

    private AddressTable(IPv4Ranges ipv4, IPv6Ranges ipv6) => (_ipv4, _ipv6) = (ipv4, ipv6);

    /// <summary>How many ranges it has, those that touch being one.</summary>
    public int Count => _ipv4.Count + _ipv6.Count;

    public static AddressTable From(IEnumerable<IPNetwork> networks)
    {
        var (ipv4, ipv6) = (new List<(uint First, uint Last)>(), new List<(UInt128 First, UInt128 Last)>());
        foreach (var network in networks)
        {
            if (TryGetIPv4(network, out var range))
            {
                ipv4.Add(range);
            }
            else
            {
                ipv6.Add(RangeOf(network));
            }
        }

        return new(new(ipv4), new(ipv6));
    }

    /// <summary>Whether it has an address. No allocation.</summary>
    public bool Contains(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4 ? _ipv4.Contains(BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : IsMapped(bytes) ? _ipv4.Contains(BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]))
            : _ipv6.Contains(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    /// <summary>Of networks that others of the list hold already: each with one that does.</summary>
    public static IEnumerable<(IPNetwork Network, IPNetwork Holder)> Redundant(IReadOnlyList<IPNetwork> networks)
    {
        var (ipv4, ipv6) = (new List<(IPNetwork Network, UInt128 First, UInt128 Last)>(), new List<(IPNetwork Network, UInt128 First, UInt128 Last)>());
        foreach (var network in networks)
        {
            if (TryGetIPv4(network, out var range))
            {
                ipv4.Add((network, range.First, range.Last));
            }
            else
            {
                var (first, last) = RangeOf(network);
                ipv6.Add((network, first, last));
            }
        }

        return RedundantOf(ipv4).Concat(RedundantOf(ipv6));
    }

    // Networks nest or are apart, so that of those with one start the largest comes first.
    private static IEnumerable<(IPNetwork Network, IPNetwork Holder)> RedundantOf(List<(IPNetwork Network, UInt128 First, UInt128 Last)> ranges)
    {
        (IPNetwork Network, UInt128 First, UInt128 Last)? holder = null;
        foreach (var one in ranges.OrderBy(static one => one.First).ThenByDescending(static one => one.Last))
        {
            if (holder is { } known && one.Last <= known.Last)
            {
                yield return (one.Network, known.Network);
            }
            else
            {
                holder = one;
            }
        }
    }

    private static bool IsMapped(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt64BigEndian(bytes) == 0 && BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]) == MappedMarker;

    private static bool TryGetIPv4(IPNetwork network, out (uint First, uint Last) range)
    {
        range = default;
        var bits = network.PrefixLength;
        if (network.BaseAddress.AddressFamily is AddressFamily.InterNetworkV6)
        {
            if (!network.BaseAddress.IsIPv4MappedToIPv6 || bits < MappedBits)
            {
                return false;
            }

            bits -= MappedBits;
        }

        Span<byte> bytes = stackalloc byte[16];
        network.BaseAddress.TryWriteBytes(bytes, out var length);
        var first = BinaryPrimitives.ReadUInt32BigEndian(bytes[(length - 4)..]);
        range = (first, first | (uint)((1UL << (32 - bits)) - 1));
        return true;
    }

    private static (UInt128 First, UInt128 Last) RangeOf(IPNetwork network)
    {
        Span<byte> bytes = stackalloc byte[16];
        network.BaseAddress.TryWriteBytes(bytes, out _);
        var first = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return (first, network.PrefixLength == 0 ? UInt128.MaxValue : first | ((UInt128.One << (128 - network.PrefixLength)) - 1));
    }
}
