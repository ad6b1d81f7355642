using System.Text;

namespace GatewayKit.WireTests.Clients;

/// <summary>Text and bytes are the same here: one character is one byte.</summary>
internal static class Latin1
{
    /// <exception cref="ArgumentException">A character is none of Latin-1: it would become a question mark.</exception>
    public static byte[] Bytes(string text) =>
        text.AsSpan().ContainsAnyExceptInRange('\0', '\xff') ? throw new ArgumentException($"'{text}' is not Latin-1.", nameof(text)) : Encoding.Latin1.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>Makes bytes readable in a message: control characters as C escapes, the middle of long ones left out.</summary>
    public static string Show(string text)
    {
        var shown = new StringBuilder();
        foreach (var c in text.Length > 1_200 ? $"{text[..800]} …{text.Length - 1_100} bytes… {text[^300..]}" : text)
        {
            shown.Append(c switch
            {
                '\r' => "\\r",
                '\n' => "\\n\n",
                '\t' => "\\t",
                < ' ' or (>= (char)127 and < (char)256) => $"\\x{(int)c:x2}",
                _ => c.ToString(),
            });
        }

        return shown.ToString();
    }
}
