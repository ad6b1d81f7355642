using Microsoft.Extensions.Primitives;

namespace GatewayKit.Rollout;

/// <summary>One cookie among those of a request (RFC 6265 §4.2), without making strings of the others.</summary>
internal static class CookieField
{
    /// <summary>The value of the first cookie of a name; names heed case.</summary>
    public static bool TryFind(StringValues lines, string name, out ReadOnlySpan<char> value)
    {
        foreach (var line in lines)
        {
            foreach (var range in line.AsSpan().Split(';'))
            {
                var pair = line.AsSpan()[range].Trim(' ');
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

    /// <summary>The lines without the cookies of a name.</summary>
    public static StringValues Without(StringValues lines, string name) => new(
    [
        .. lines.Select(line => string.Join("; ", (line ?? string.Empty).Split(';', StringSplitOptions.TrimEntries).Where(pair => !IsNamed(pair, name))))
            .Where(static line => line.Length > 0),
    ]);

    private static bool IsNamed(ReadOnlySpan<char> pair, string name) =>
        pair.Length > name.Length && pair[name.Length] is '=' && pair.StartsWith(name, StringComparison.Ordinal);
}
