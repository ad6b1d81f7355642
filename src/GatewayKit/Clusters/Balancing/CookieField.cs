using Microsoft.Extensions.Primitives;

namespace GatewayKit.Clusters.Balancing;

/// <summary>Finds one cookie without making a collection of all.</summary>
internal static class CookieField
{
    /// <param name="fields">The values of the field <c>Cookie</c> (RFC 6265 §4.2.1); HTTP/2 may send several (RFC 9113 §8.2.3).</param>
    /// <param name="name">The name of the cookie, with its case.</param>
    /// <param name="value">The value of the first cookie of that name, without quotes around it.</param>
    public static bool TryFind(StringValues fields, string name, out ReadOnlySpan<char> value)
    {
        for (var i = 0; i < fields.Count; i++)
        {
            for (var rest = fields[i].AsSpan(); !rest.IsEmpty;)
            {
                var end = rest.IndexOf(';');
                var pair = (end < 0 ? rest : rest[..end]).Trim();
                rest = end < 0 ? default : rest[(end + 1)..];
                if (pair.Length > name.Length && pair[name.Length] == '=' && pair.StartsWith(name, StringComparison.Ordinal))
                {
                    value = pair[(name.Length + 1)..];
                    value = value is ['"', .. var quoted, '"'] ? quoted : value;
                    return true;
                }
            }
        }

        value = default;
        return false;
    }
}
