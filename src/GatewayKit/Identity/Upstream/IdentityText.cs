using System.Buffers;
using System.Globalization;
using System.Text;

namespace GatewayKit.Identity.Upstream;

/// <summary>Writes what anyone may be called so that it can stand in a header, be read back, and be taken for nothing else.</summary>
internal static class IdentityText
{
    // Visible ASCII, but for the sign of the encoding and what values are joined by.
    private static readonly SearchValues<char> Plain = SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(static c => (char)c).Where(static c => c is not ('%' or ','))]);

    /// <summary>A text with all other characters percent-encoded as UTF-8; itself if there are none.</summary>
    public static string Encode(string text)
    {
        if (!text.AsSpan().ContainsAnyExcept(Plain))
        {
            return text;
        }

        var encoded = new StringBuilder(text.Length + 16);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            if (Plain.Contains((char)octet))
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
}
