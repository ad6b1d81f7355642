using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Pipeline;

/// <summary>Networks as people write them: <c>10.0.0.0/8</c>, <c>2001:db8::/32</c>, or a single address.</summary>
internal static class NetworkText
{
    /// <summary>Reads a network. Strict: 10.0.0.1/8 may be a typing error of 10.0.0.1/32, and .NET takes 010.0.0.1 for the octal form of 8.0.0.1.</summary>
    public static bool TryParse(string text, out IPNetwork network)
    {
        if (Read(text) is not { } read)
        {
            network = default;
            return false;
        }

        network = read;
        var address = text.AsSpan(0, text.IndexOf('/') is var slash and >= 0 ? slash : text.Length);
        return network.BaseAddress.AddressFamily is AddressFamily.InterNetwork
            ? address.SequenceEqual(network.BaseAddress.ToString())
            : IPAddress.TryParse(address, out var written) && written.Equals(network.BaseAddress);
    }

    /// <summary>What is wrong with a text that says which network is meant, but not as it is written; <see langword="null"/> if it says none.</summary>
    public static string? Explain(string text) =>
        Read(text) is { } network ? $"'{text}' is not how the network is written. If it is the one that is meant, write \"{network}\"." : null;

    // A single address is a network of one.
    private static IPNetwork? Read(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.AddressFamily is AddressFamily.InterNetwork ? 32 : 128)
        : null;
}
