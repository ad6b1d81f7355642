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
}
