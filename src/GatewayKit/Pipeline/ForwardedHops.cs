using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>
/// What a request says of the hops before its connection, as far as it may be believed: nothing, unless the peer is a trusted proxy. A trusted
/// hop vouches for the one it names, so the list is read from the right and ends with the first hop that is not trusted: what that one claims
/// is a client's word (RFC 7239 §8.1). One entry that is not well-formed makes the whole worthless.
/// </summary>
internal static class ForwardedHops
{
    /// <summary>A chain longer than this is no chain of proxies but an attempt to fill the destination's memory.</summary>
    public const int MaxEntries = 32;

    /// <summary>The lines of one field together, in characters.</summary>
    public const int MaxLength = 2_048;

    private static readonly SearchValues<char> SchemeCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");

    /// <summary>Whether the other side of the connection may speak for those behind it.</summary>
    public static bool IsTrusted(IPAddress? peer, IReadOnlyList<IPNetwork> trusted)
    {
        if (peer is null || trusted.Count == 0)
        {
            return false;
        }

        var address = PeerAddress.Plain(peer);
        foreach (var network in trusted)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads the <c>X-Forwarded-*</c> fields of a request whose peer is trusted.</summary>
    /// <param name="headers">The client's fields.</param>
    /// <param name="names">Their names.</param>
    /// <param name="trusted">The networks that proxies are in.</param>
    /// <param name="hops">What may be believed of each; <see langword="null"/> for a field that is absent.</param>
    /// <returns>Whether all of it is well-formed.</returns>
    public static bool TryRead(IHeaderDictionary headers, ForwardedNames names, IReadOnlyList<IPNetwork> trusted, out ForwardedValues hops)
    {
        hops = default;
        if (!TrySplit(headers, names.For, static text => ForwardedNodeText.TryRead(text, out _), out var addresses)
            || !TrySplit(headers, names.Proto, IsScheme, out var schemes)
            || !TrySplit(headers, names.Host, static text => RequestHost.IsHost(text), out var hosts)
            || !TrySplit(headers, names.Prefix, static text => CanonicalPath.TryRewrite(text, out _), out var prefixes))
        {
            return false;
        }

        // Those who write an address write the rest beside it; a scheme without one is the peer's own word.
        var believed = addresses is null ? 1 : addresses.Length - FirstBelieved(addresses.Length, i => ForwardedNodeText.TryRead(addresses[i], out var address) ? address : null, trusted);
        hops = new(Last(addresses, believed), Last(schemes, believed), Last(hosts, believed), Last(prefixes, believed));
        return true;
    }

    /// <summary>The first hop that may be believed, of hops in the order of the field.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="addressAt">The address of one; <see langword="null"/> if it hides it.</param>
    /// <param name="trusted">The networks that proxies are in.</param>
    public static int FirstBelieved(int count, Func<int, IPAddress?> addressAt, IReadOnlyList<IPNetwork> trusted)
    {
        var first = count - 1;
        while (first > 0 && IsTrusted(addressAt(first), trusted))
        {
            first--;
        }

        return Math.Max(0, first);
    }

    private static bool IsScheme(string text) => text.Length > 0 && char.IsAsciiLetter(text[0]) && !text.AsSpan().ContainsAnyExcept(SchemeCharacters);

    private static bool TrySplit(IHeaderDictionary headers, string name, Func<string, bool> isValid, out string[]? entries)
    {
        entries = null;
        var lines = headers[name];
        if (lines.Count == 0)
        {
            return true;
        }

        var length = 0;
        foreach (var line in lines)
        {
            length += line?.Length ?? 0;
        }

        if (lines.Count > MaxEntries || length > MaxLength)
        {
            return false;
        }

        entries = string.Join(',', lines.ToArray()).Split(',', StringSplitOptions.TrimEntries);
        return entries.Length <= MaxEntries && Array.TrueForAll(entries, entry => isValid(entry));
    }

    private static string? Last(string[]? entries, int count) =>
        entries is null ? null : string.Join(", ", entries, Math.Max(0, entries.Length - count), Math.Min(count, entries.Length));
}
