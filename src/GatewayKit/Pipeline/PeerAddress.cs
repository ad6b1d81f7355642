using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Pipeline;

/// <summary>The address at the other end of a connection, as others may know it.</summary>
internal static class PeerAddress
{
    /// <summary>IPv4 where it was mapped into IPv6 (RFC 4291 §2.5.5.2), and without a zone, which has a meaning on this machine only (RFC 4007 §11.2).</summary>
    public static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address.AddressFamily is AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes())
        : address;

    /// <summary>
    /// What of an address tells clients apart: IPv4 whole, also when mapped into IPv6, and IPv6 by its /64, of which one host owns all (RFC 4291 §2.5.4)
    /// and within which it changes its address every day (RFC 8981).
    /// </summary>
    /// <param name="address">The address.</param>
    /// <param name="bytes">Room for 16 bytes.</param>
    /// <returns>The part of it that counts: 4 bytes or 8.</returns>
    public static ReadOnlySpan<byte> WriteClient(IPAddress address, Span<byte> bytes)
    {
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily is AddressFamily.InterNetwork ? bytes[..4] : address.IsIPv4MappedToIPv6 ? bytes[12..16] : bytes[..8];
    }
}
