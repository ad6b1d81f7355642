using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Clusters;

/// <summary>
/// Where destinations must not be, whatever their names resolve to: a name that someone else answers for would otherwise lead the gateway
/// to the credentials of its own machine (server-side request forgery, DNS rebinding).
/// </summary>
internal static class DeniedNetworks
{
    /// <summary>
    /// Link-local addresses (RFC 3927, RFC 4291 §2.5.6), where clouds answer for credentials, and the places outside of these where Amazon,
    /// Alibaba and Azure do.
    /// </summary>
    public static IReadOnlyList<IPNetwork> Default { get; } = ValueList<IPNetwork>.From(
    [
        IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("fd00:ec2::254/128"), IPNetwork.Parse("100.100.100.200/32"),
        IPNetwork.Parse("168.63.129.16/32"),
    ]);

    /// <summary>Whether an address lies in one of the networks, in any of its spellings.</summary>
    public static bool Contain(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        var embedded = Embedded(address);
        foreach (var network in networks)
        {
            if (network.Contains(address) || (embedded is not null && network.Contains(embedded)))
            {
                return true;
            }
        }

        return false;
    }

    // The IPv4 address that an IPv6 one stands for: mapped (RFC 4291 §2.5.5.2), translated (RFC 6052 §2.1) or tunnelled (RFC 3056 §2).
    private static IPAddress? Embedded(IPAddress address)
    {
        if (address.AddressFamily is not AddressFamily.InterNetworkV6)
        {
            return null;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        var bytes = address.GetAddressBytes();
        return bytes switch
        {
            [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ..] => new IPAddress(bytes.AsSpan(12)),
            [0x20, 0x02, ..] => new IPAddress(bytes.AsSpan(2, 4)),
            _ => null,
        };
    }
}

/// <summary>A name of a destination leads only to addresses that are denied.</summary>
internal sealed class DeniedAddressException(string host) : Exception($"Every address of '{host}' lies in a network that destinations must not be in (Http.DeniedNetworks).");
