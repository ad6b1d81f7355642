using System.Buffers;

namespace GatewayKit.Pipeline;

/// <summary>
/// What may stand in the target of a request that is sent. Whoever changes a path or query is checked here, because from here on
/// nobody looks again: the address is built without being parsed (D5).
/// </summary>
internal static class TargetRules
{
    // Visible ASCII without the characters that end a path, start a query or are slashes to some servers.
    private static readonly SearchValues<char> PathCharacters = SearchValues.Create(
        "!\"$&'()*+,-./0123456789:;<=>@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~%");

    /// <summary>
    /// Whether a path has one reading: it starts with one slash, has no dot segment in any spelling, also not between encoded
    /// slashes, and no character that ends a path or breaks a line.
    /// </summary>
    public static bool IsPath(ReadOnlySpan<char> path)
    {
        // Two slashes in front are an authority to whoever parses the path as a reference (RFC 3986 §4.2).
        if (!path.StartsWith('/') || path.StartsWith("//") || path.ContainsAnyExcept(PathCharacters))
        {
            return false;
        }

        var start = 1;
        for (var i = 1; i <= path.Length; i++)
        {
            if (i == path.Length || path[i] is '/')
            {
                if (IsDots(path[start..i]))
                {
                    return false;
                }

                start = i + 1;
            }
            else if (path[i] is '%')
            {
                if (!TryDecode(path[i..], out var value) || value is < 0x20 or 0x7F or '\\')
                {
                    return false;
                }

                if (value is '/')
                {
                    if (IsDots(path[start..i]))
                    {
                        return false;
                    }

                    start = i + 3;
                }

                i += 2;
            }
        }

        return true;
    }

    /// <summary>Whether a text can be sent as query: empty, or a question mark and visible ASCII without <c>#</c>.</summary>
    public static bool IsQuery(ReadOnlySpan<char> query) =>
        query.IsEmpty || (query[0] is '?' && !query.ContainsAnyExceptInRange('!', '~') && !query.Contains('#'));

    /// <summary>The byte that the percent sign at the start stands for (RFC 3986 §2.1).</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out int value)
    {
        value = 0;
        if (text.Length < 3 || text[0] is not '%' || !char.IsAsciiHexDigit(text[1]) || !char.IsAsciiHexDigit(text[2]))
        {
            return false;
        }

        value = (Digit(text[1]) << 4) | Digit(text[2]);
        return true;

        static int Digit(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    }

    // ".", "..", "%2e" and mixtures; also with path parameters behind, which some servers cut off before they resolve dots ("..;x").
    private static bool IsDots(ReadOnlySpan<char> segment)
    {
        var dots = 0;
        for (var i = 0; i < segment.Length; i++)
        {
            if (segment[i] is '.')
            {
                dots++;
            }
            else if (TryDecode(segment[i..], out var value) && value is '.')
            {
                dots++;
                i += 2;
            }
            else
            {
                return dots is 1 or 2 && (segment[i] is ';' || value is ';');
            }
        }

        return dots is 1 or 2;
    }
}
