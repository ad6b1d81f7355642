using Microsoft.Extensions.Primitives;

namespace GatewayKit.Pipeline;

/// <summary>One cookie among those of a request (RFC 6265 §4.2), without making strings of the others. HTTP/2 may send several fields (RFC 9113 §8.2.3).</summary>
internal static class CookieField
{
    /// <summary>The value of the first cookie of a name, as it was sent; names heed case.</summary>
    public static bool TryFind(StringValues lines, string name, out ReadOnlySpan<char> value)
    {
        foreach (var line in lines)
        {
            foreach (var range in line.AsSpan().Split(';'))
            {
                var pair = line.AsSpan()[range].Trim(" \t");
                if (IsNamed(pair, name))
                {
                    value = pair[(name.Length + 1)..];
                    return true;
                }
            }
        }

        value = default;
        return false;
    }

    /// <summary>A value without the quotes that may stand around it (RFC 6265 §4.1.1).</summary>
    public static ReadOnlySpan<char> Unquoted(ReadOnlySpan<char> value) => value is ['"', .. var quoted, '"'] ? quoted : value;

    /// <summary>The lines without the cookies of a name.</summary>
    public static StringValues Without(StringValues lines, string name) => Where(lines, pair => !IsNamed(pair, name));

    /// <summary>The lines without the cookies of these names, and the pieces that the framework's cookie manager makes of long ones: <c>name</c>, <c>nameC1</c>, <c>nameC2</c> …</summary>
    public static StringValues WithoutSignIns(StringValues lines, IReadOnlyList<string> names) => Where(lines, pair => !names.Any(name => IsNamed(pair, name) || IsPiece(pair, name)));

    private static StringValues Where(StringValues lines, Func<string, bool> stays) => new(
    [
        .. lines.Select(line => string.Join("; ", (line ?? string.Empty).Split(';', StringSplitOptions.TrimEntries).Where(stays)))
            .Where(static line => line.Length > 0),
    ]);

    private static bool IsPiece(ReadOnlySpan<char> pair, string name) =>
        pair.StartsWith(name, StringComparison.Ordinal) && pair[name.Length..] is ['C', .. var rest] && rest.IndexOf('=') is > 0 and var end && !rest[..end].ContainsAnyExceptInRange('0', '9');

    private static bool IsNamed(ReadOnlySpan<char> pair, string name) =>
        pair.Length > name.Length && pair[name.Length] is '=' && pair.StartsWith(name, StringComparison.Ordinal);
}
