using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace GatewayKit.Identity.Signatures;

/// <summary>The parameters of a query as components have them (RFC 9421 §2.2.8), read once for a message however many of them are covered. Immutable.</summary>
internal sealed class QueryParameters
{
    // By their encoded names; null for one that nobody can read in one way. All of it is null if a name cannot be decoded: some would read it as another.
    private readonly Dictionary<string, string?>? _values = new(StringComparer.Ordinal);

    /// <param name="query">The query as it is on the wire, with its question mark.</param>
    public QueryParameters(string? query)
    {
        foreach (var pair in (query ?? string.Empty).TrimStart('?').Split('&'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (Decode(equals < 0 ? pair : pair[..equals]) is not { } key)
            {
                _values = null;
                return;
            }

            // One that is there twice could be read either way.
            if (pair.Length > 0 && !_values.TryAdd(Encode(key), Decode(equals < 0 ? string.Empty : pair[(equals + 1)..]) is { } value ? Encode(value) : null))
            {
                _values[Encode(key)] = null;
            }
        }
    }

    /// <summary>The name of a parameter of the query as a component has it.</summary>
    public static string Encode(string text)
    {
        var encoded = new StringBuilder();
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            // What application/x-www-form-urlencoded leaves, but a space is %20 (RFC 9421 §2.2.8).
            if (octet is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'0' and <= (byte)'9') or (byte)'*' or (byte)'-' or (byte)'.' or (byte)'_')
            {
                encoded.Append((char)octet);
            }
            else
            {
                encoded.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
            }
        }

        return encoded.ToString();
    }

    /// <summary>The value of a parameter, encoded.</summary>
    /// <param name="name">Its name, encoded.</param>
    /// <returns><see langword="null"/> if it is not there, is there twice or cannot be decoded.</returns>
    public string? Find(string name) => _values?.GetValueOrDefault(name);

    // Strictly: left as it is, %FF would be signed as %25FF is, which says something else.
    private static string? Decode(string text)
    {
        if (!Ascii.IsValid(text))
        {
            return null;
        }

        var (octets, length) = (new byte[text.Length], 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not '%')
            {
                octets[length++] = (byte)(text[i] is '+' ? ' ' : text[i]);
            }
            else if (i + 2 < text.Length && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out octets[length]))
            {
                (length, i) = (length + 1, i + 2);
            }
            else
            {
                return null;
            }
        }

        return Utf8.IsValid(octets.AsSpan(0, length)) ? Encoding.UTF8.GetString(octets, 0, length) : null;
    }
}
