using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Pipeline;

/// <summary>How forwarding fields name one end of a connection (RFC 7239 §6).</summary>
internal static class ForwardedNodeText
{
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>
    /// Reads a node (RFC 7239 §6): an address, with brackets or without, with a port or without; <c>unknown</c>; or a name that begins with an
    /// underscore. Short and octal forms of addresses, which readers take for different ones, are none.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<char> text, out IPAddress? address)
    {
        address = null;
        if (TryReadAddress(text, out address))
        {
            return true;
        }

        var colon = text.LastIndexOf(':');
        if (colon > 0 && IsPort(text[(colon + 1)..]))
        {
            text = text[..colon];
        }

        if (text is ['[', .. var inner, ']'])
        {
            return inner.Contains(':') && TryReadAddress(inner, out address);
        }

        return (!text.Contains(':') && TryReadAddress(text, out address))
            || text.Equals("unknown", StringComparison.OrdinalIgnoreCase)
            || (text is ['_', .. { Length: > 0 } name] && !name.ContainsAnyExcept(NameCharacters));
    }

    private static bool TryReadAddress(ReadOnlySpan<char> text, out IPAddress? address)
    {
        if (!text.Contains('%') && IPAddress.TryParse(text, out address)
            && (address.AddressFamily is AddressFamily.InterNetworkV6 ? text[0] is not '[' : text.SequenceEqual(address.ToString())))
        {
            return true;
        }

        address = null;
        return false;
    }

    // A number, or a name that hides it (RFC 7239 §6.2).
    private static bool IsPort(ReadOnlySpan<char> text) =>
        text is ['_', .. { Length: > 0 } name] ? !name.ContainsAnyExcept(NameCharacters)
        : text.Length is >= 1 and <= 5 && ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
