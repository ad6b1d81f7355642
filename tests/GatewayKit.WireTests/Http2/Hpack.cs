namespace GatewayKit.WireTests.Http2;

/// <summary>Writes field blocks (RFC 7541), right or wrong: any bytes in names and values, any index, any size.</summary>
internal static class Hpack
{
    /// <summary>Fields as literals that nobody remembers.</summary>
    public static string Block(params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var block = string.Empty;
        foreach (var (name, value) in fields)
        {
            block += Field(name, value);
        }

        return block;
    }

    public static string Field(string name, string value) => "\0" + Text(name) + Text(value);

    /// <summary>A field that enters the reader's table.</summary>
    public static string Remembered(string name, string value) => "\x40" + Text(name) + Text(value);

    /// <summary>A field of the table: 1 to 61 are fixed, 62 is the one remembered last.</summary>
    public static string Indexed(int index) => Integer(0x80, 7, index);

    public static string TableSize(int size) => Integer(0x20, 5, size);

    /// <summary>A text as it is, or bytes that are Huffman code already.</summary>
    public static string Text(string text, bool isHuffman = false) => Integer(isHuffman ? 0x80 : 0, 7, text.Length) + text;

    /// <summary>RFC 7541 §5.1.</summary>
    public static string Integer(int pattern, int bits, long value)
    {
        var most = (1 << bits) - 1;
        if (value < most)
        {
            return ((char)(pattern | (int)value)).ToString();
        }

        var text = ((char)(pattern | most)).ToString();
        for (value -= most; value >= 0x80; value >>= 7)
        {
            text += (char)((value & 0x7f) | 0x80);
        }

        return text + (char)value;
    }
}

/// <summary>
/// Reads the field blocks of one direction of a connection, with its table. Neither Kestrel nor SocketsHttpHandler writes Huffman code, so
/// reading it would be code that no test runs: it throws.
/// </summary>
internal sealed class HpackReader
{
    private const int TableSize = 4_096;

    // RFC 7541 appendix A.
    private static readonly (string Name, string Value)[] Fixed =
    [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"), (":scheme", "http"), (":scheme", "https"),
        (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"),
        ("accept-charset", ""), ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
        ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""), ("content-disposition", ""),
        ("content-encoding", ""), ("content-language", ""), ("content-length", ""), ("content-location", ""), ("content-range", ""), ("content-type", ""),
        ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""),
        ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""),
        ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""),
        ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ];

    private readonly List<(string Name, string Value)> _table = [];

    /// <exception cref="FormatException">The block breaks RFC 7541.</exception>
    public IReadOnlyList<(string Name, string Value)> Read(string block)
    {
        var fields = new List<(string Name, string Value)>();
        for (var at = 0; at < block.Length;)
        {
            var first = block[at];
            if (first >= 0x80)
            {
                fields.Add(Entry(Integer(block, ref at, 7)));
            }
            else if (first is >= (char)0x20 and < (char)0x40)
            {
                Evict(Integer(block, ref at, 5));
            }
            else
            {
                var isRemembered = first >= 0x40;
                var index = Integer(block, ref at, isRemembered ? 6 : 4);
                var name = index == 0 ? Text(block, ref at) : Entry(index).Name;
                var field = (name, Text(block, ref at));
                fields.Add(field);
                if (isRemembered)
                {
                    _table.Insert(0, field);
                    Evict(TableSize);
                }
            }
        }

        return fields;
    }

    private static int Integer(string block, ref int at, int bits)
    {
        var most = (1 << bits) - 1;
        var value = block[at++] & most;
        if (value < most)
        {
            return value;
        }

        for (var shift = 0; ; shift += 7)
        {
            var next = block[at++];
            value = checked(value + ((next & 0x7f) << shift));
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    private static string Text(string block, ref int at)
    {
        if (block[at] >= 0x80)
        {
            throw new FormatException("A text in Huffman code.");
        }

        var length = Integer(block, ref at, 7);
        var text = block.Substring(at, length);
        at += length;
        return text;
    }

    private (string Name, string Value) Entry(int index) =>
        index >= 1 && index <= Fixed.Length ? Fixed[index - 1]
        : index > Fixed.Length && index - Fixed.Length <= _table.Count ? _table[index - Fixed.Length - 1]
        : throw new FormatException($"There is no entry {index}.");

    // RFC 7541 §4.1: an entry counts 32 bytes more than its texts.
    private void Evict(int size)
    {
        while (_table.Sum(static entry => entry.Name.Length + entry.Value.Length + 32) > size)
        {
            _table.RemoveAt(_table.Count - 1);
        }
    }
}
