using System.Buffers.Text;

namespace GatewayKit.Auditing.Reading;

/// <summary>
/// Looks for members of a line without parsing it. In front of the name of a member stands a comma and an unescaped quotation mark, which no text within a value can have (RFC 8259 §7). Members of
/// objects within the record do not count: callers may name them.
/// </summary>
internal static class LineFields
{
    private static ReadOnlySpan<byte> Start => "{\"v\":1,\"kind\":\""u8;

    /// <summary>The kind of a line; empty if it does not begin as lines do.</summary>
    public static ReadOnlySpan<byte> Kind(ReadOnlySpan<byte> line) => line.StartsWith(Start) ? UpToQuote(line[Start.Length..]) : default;

    /// <summary>The text of a member as it stands there, escapes and all; empty if there is none.</summary>
    /// <param name="line">The line.</param>
    /// <param name="key">The name with what stands around it: <c>,"rid":"</c>.</param>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> line, ReadOnlySpan<byte> key) => Behind(line, key) is >= 0 and var at ? UpToQuote(line[at..]) : default;

    /// <summary>The number of a member; <see langword="null"/> if there is none.</summary>
    /// <param name="line">The line.</param>
    /// <param name="key">The name with what stands around it: <c>,"segment":</c>.</param>
    public static long? Number(ReadOnlySpan<byte> line, ReadOnlySpan<byte> key) => Behind(line, key) is >= 0 and var at && Utf8Parser.TryParse(line[at..], out long number, out _) ? number : null;

    // Where the value of a member of the record itself begins; -1 if there is none.
    private static int Behind(ReadOnlySpan<byte> line, ReadOnlySpan<byte> key)
    {
        var (from, depth) = (0, 0);
        while (line[from..].IndexOf(key) is >= 0 and var found)
        {
            var at = from + found;
            depth += DepthOf(line[from..at]);
            if (depth is 1)
            {
                return at + key.Length;
            }

            // The comma; what follows it is a name, and is read as any other text.
            from = at + 1;
        }

        return -1;
    }

    // By how much it lies deeper behind some text than in front of it. The text begins outside of texts.
    private static int DepthOf(ReadOnlySpan<byte> text)
    {
        var (depth, isInText) = (0, false);
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case (byte)'"':
                    isInText = !isInText;
                    break;
                case (byte)'\\' when isInText:
                    i++;
                    break;
                case (byte)'{' or (byte)'[' when !isInText:
                    depth++;
                    break;
                case (byte)'}' or (byte)']' when !isInText:
                    depth--;
                    break;
            }
        }

        return depth;
    }

    private static ReadOnlySpan<byte> UpToQuote(ReadOnlySpan<byte> text) => text.IndexOf((byte)'"') is >= 0 and var end ? text[..end] : default;
}
