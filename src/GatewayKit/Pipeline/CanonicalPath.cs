using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace GatewayKit.Pipeline;

/// <summary>
/// The one reading of a path that routing, policies, records and destinations share (RFC 3986 §6.2.2): escapes in upper case,
/// unreserved characters plain, dot segments resolved, everything else as it came. What could be read in two ways is refused.
/// </summary>
internal static class CanonicalPath
{
    private const string EncodedSlash = "%2F";
    private const string Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    // pchar and the slash (RFC 3986 §3.3).
    private static readonly SearchValues<char> Plain = SearchValues.Create(Unreserved + "!$&'()*+,;=:@/");
    private static readonly SearchValues<char> UnreservedOnly = SearchValues.Create(Unreserved);

    /// <summary>Whether the path is canonical as it stands: the case of nearly every request, decided by two vectorised scans.</summary>
    public static bool IsCanonical(ReadOnlySpan<char> path) =>
        path is ['/', ..] && !path.ContainsAnyExcept(Plain) && !path.Contains("/.", StringComparison.Ordinal);

    /// <summary>Canonicalises a percent-encoded path.</summary>
    /// <param name="path">The path of a request target, without its query.</param>
    /// <param name="allowEncodedSlash">Whether <c>%2F</c> passes, as opaque data of its segment.</param>
    /// <param name="canonical">The result.</param>
    /// <returns>Whether the path has one reading.</returns>
    public static bool TryCreate(ReadOnlySpan<char> path, bool allowEncodedSlash, [NotNullWhen(true)] out string? canonical) =>
        TryCreate(path, allowEncodedSlash, resolvesDots: true, out canonical);

    /// <summary>
    /// Takes a path that a setting or a transform has written. It becomes canonical like that of a request, but dot segments are refused: a
    /// client resolves its own, here they are a value that climbs.
    /// </summary>
    /// <param name="path">A percent-encoded path.</param>
    /// <param name="canonical">The result: <paramref name="path"/> itself if it is canonical.</param>
    /// <param name="allowEncodedSlash">Whether <c>%2F</c> passes, as opaque data of its segment.</param>
    /// <returns>Whether the path has one reading.</returns>
    public static bool TryRewrite([NotNullWhen(true)] string? path, [NotNullWhen(true)] out string? canonical, bool allowEncodedSlash = false)
    {
        canonical = path;

        // Two slashes in front are an authority to whoever parses the path as a reference (RFC 3986 §4.2).
        return path is not null && !path.StartsWith("//", StringComparison.Ordinal)
            && (IsCanonical(path) || TryCreate(path, allowEncodedSlash, resolvesDots: false, out canonical));
    }

    private static bool TryCreate(ReadOnlySpan<char> path, bool allowEncodedSlash, bool resolvesDots, [NotNullWhen(true)] out string? canonical)
    {
        canonical = null;
        if (path is not ['/', ..])
        {
            return false;
        }

        var buffer = ArrayPool<char>.Shared.Rent(path.Length);
        try
        {
            return TryUnescape(path, allowEncodedSlash, buffer, out var length)
                && TryResolveDots(buffer.AsSpan(0, length), resolvesDots, out length)
                && (canonical = new string(buffer, 0, length)) is not null;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    /// <summary>Encodes a path that middleware has set. It was decoded once, so a percent sign is one.</summary>
    public static string Encode(ReadOnlySpan<char> decoded)
    {
        var text = new StringBuilder(decoded.Length + 16);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in decoded.EnumerateRunes())
        {
            if (rune.IsAscii && Plain.Contains((char)rune.Value))
            {
                text.Append((char)rune.Value);
                continue;
            }

            foreach (var octet in utf8[..rune.EncodeToUtf8(utf8)])
            {
                text.Append('%').Append(octet.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return text.ToString();
    }

    /// <summary>Whether a canonical path says the same as a decoded one. Kestrel decodes all escapes but <c>%2F</c> (D1).</summary>
    public static bool Decodes(ReadOnlySpan<char> canonical, ReadOnlySpan<char> decoded)
    {
        if (!canonical.Contains('%'))
        {
            return canonical.SequenceEqual(decoded);
        }

        while (canonical.IndexOf(EncodedSlash, StringComparison.Ordinal) is var slash and >= 0)
        {
            var text = Uri.UnescapeDataString(canonical[..slash]);
            if (!decoded.StartsWith(text, StringComparison.Ordinal) || !decoded[text.Length..].StartsWith(EncodedSlash, StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }

            canonical = canonical[(slash + EncodedSlash.Length)..];
            decoded = decoded[(text.Length + EncodedSlash.Length)..];
        }

        return Uri.UnescapeDataString(canonical).AsSpan().SequenceEqual(decoded);
    }

    /// <summary>Whether an encoded slash is in a canonical path.</summary>
    public static bool HasEncodedSlash(ReadOnlySpan<char> canonical) => canonical.Contains(EncodedSlash, StringComparison.Ordinal);

    private static bool TryUnescape(ReadOnlySpan<char> path, bool allowEncodedSlash, Span<char> output, out int length)
    {
        length = 0;
        for (var i = 0; i < path.Length;)
        {
            var c = path[i];
            if (c is not '%')
            {
                if (c is <= ' ' or '\\' or '#' or '?' or >= '\x7F')
                {
                    return false;
                }

                output[length++] = c;
                i++;
                continue;
            }

            if (!TryReadOctet(path, i, out var octet))
            {
                return false;
            }

            if (octet >= 0x80)
            {
                if (!TryCopyRune(path, output, ref i, ref length))
                {
                    return false;
                }

                continue;
            }

            i += 3;
            if (UnreservedOnly.Contains((char)octet))
            {
                output[length++] = (char)octet;
            }
            else if (IsRefused(octet, allowEncodedSlash))
            {
                return false;
            }
            else
            {
                WriteEscape(octet, output, ref length);
            }
        }

        return !HasSeparatorOfTheNextReader(output[..length]);
    }

    // Control bytes, and what the next reader may take for a separator.
    private static bool IsRefused(byte octet, bool allowEncodedSlash) => octet switch
    {
        < 0x20 or 0x7F or (byte)'\\' => true,
        (byte)'/' => !allowEncodedSlash,
        _ => false,
    };

    // An escaped percent sign before 2F, 5C, 2E or 00, however often it was escaped: who decodes that often finds a separator, a dot or an
    // end. Looked for in the result, because the digits may have been escapes themselves (%25%32%46).
    private static bool HasSeparatorOfTheNextReader(ReadOnlySpan<char> path)
    {
        while (path.IndexOf("%25", StringComparison.Ordinal) is var percent and >= 0)
        {
            path = path[(percent + 3)..];
            while (path is ['2', '5', ..])
            {
                path = path[2..];
            }

            if (path is ['2', 'F' or 'f' or 'E' or 'e', ..] or ['5', 'C' or 'c', ..] or ['0', '0', ..])
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryReadOctet(ReadOnlySpan<char> path, int at, out byte octet)
    {
        octet = 0;
        return at + 2 < path.Length && path[at] is '%'
            && char.IsAsciiHexDigit(path[at + 1]) && char.IsAsciiHexDigit(path[at + 2])
            && byte.TryParse(path.Slice(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out octet);
    }

    // One code point in UTF-8, escape by escape: a cut, overlong or surrogate form has no reading.
    private static bool TryCopyRune(ReadOnlySpan<char> path, Span<char> output, ref int i, ref int length)
    {
        Span<byte> octets = stackalloc byte[4];
        var count = 0;
        while (count < 4 && TryReadOctet(path, i + (3 * count), out octets[count]))
        {
            count++;
        }

        if (Rune.DecodeFromUtf8(octets[..count], out _, out var consumed) is not OperationStatus.Done)
        {
            return false;
        }

        foreach (var octet in octets[..consumed])
        {
            WriteEscape(octet, output, ref length);
        }

        i += 3 * consumed;
        return true;
    }

    private static void WriteEscape(byte octet, Span<char> output, ref int length)
    {
        output[length++] = '%';
        octet.TryFormat(output[length..], out var written, "X2", CultureInfo.InvariantCulture);
        length += written;
    }

    // RFC 3986 §5.2.4 in place.
    private static bool TryResolveDots(Span<char> path, bool resolves, out int length)
    {
        length = 0;
        for (var start = 0; start < path.Length;)
        {
            var end = path[(start + 1)..].IndexOf('/');
            end = end < 0 ? path.Length : start + 1 + end;
            ReadOnlySpan<char> segment = path[(start + 1)..end];
            var isLast = end == path.Length;
            switch (segment)
            {
                case "." or ".." when !resolves:
                    return false;
                case ".":
                    if (isLast)
                    {
                        path[length++] = '/';
                    }

                    break;
                case "..":
                    if (length == 0)
                    {
                        return false;
                    }

                    length = path[..length].LastIndexOf('/');
                    if (isLast)
                    {
                        path[length++] = '/';
                    }

                    break;
                default:
                    if (IsDotsToSome(segment))
                    {
                        return false;
                    }

                    path[start..end].CopyTo(path[length..]);
                    length += end - start;
                    break;
            }

            start = end;
        }

        if (length == 0)
        {
            path[length++] = '/';
        }

        return true;
    }

    // Some servers cut parameters before they resolve dots (`..;x`), some decode slashes before it: such a segment has two readings.
    private static bool IsDotsToSome(ReadOnlySpan<char> segment)
    {
        foreach (var range in segment.Split("%2F"))
        {
            var piece = segment[range];
            var dots = piece.IndexOfAnyExcept('.') is var end and >= 0 ? end : piece.Length;
            if (dots is 1 or 2 && piece[dots..] is [] or [';', ..] or ['%', '3', 'B', ..])
            {
                return true;
            }
        }

        return false;
    }
}
