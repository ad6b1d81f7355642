using System.Buffers.Binary;
using System.Text;
using static GatewayKit.WireTests.Fuzz.RequestGrammar;

namespace GatewayKit.WireTests.Fuzz;

/// <summary>Makes what a client of HTTP/2 sends: requests and other frames, most of them valid (RFC 9113, RFC 7541).</summary>
internal static class FrameGrammar
{
    private const int EndStream = 0x1;
    private const int EndHeaders = 0x4;

    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    private static readonly string[] Names =
        ["user-agent", "cookie", "x-a", "te", "connection", "transfer-encoding", "content-length", "host", "X-Upper", "", "x y", "traceparent", "expect", "via", ":late", "forwarded", "upgrade", "x-original-url"];

    private static readonly string[] Values =
        ["a", "", " a", "a\r\nx: y", "a\0", "trailers", "close", "chunked", "3", "a.example", "\u00E9", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "100-continue", new string('v', 5_000)];

    public static byte[] Make(Random random)
    {
        var frames = new List<byte>();
        Append(frames, 4, 0, 0, random.Next(8) == 0 ? [0, (byte)random.Next(8), 0, 0, (byte)random.Next(256), (byte)random.Next(256)] : []);
        var stream = 1;
        for (var count = random.Next(1, 6); count > 0; count--)
        {
            AppendStep(frames, ref stream, random);
        }

        return [.. random.Next(200) == 0 ? Mutation.Apply(Preface, random) : Preface, .. random.Next(2) == 0 ? [.. frames] : Mutation.Apply([.. frames], random)];
    }

    private static void AppendStep(List<byte> frames, ref int stream, Random random)
    {
        var known = random.Next(6) == 0 ? random.Next(8) : Math.Max(1, stream - 2);
        switch (random.Next(14))
        {
            case 0:
                Append(frames, 6, random.Next(2), 0, new byte[random.Next(4) == 0 ? 7 : 8]);
                break;
            case 1:
                Append(frames, 8, 0, random.Next(2) == 0 ? 0 : known, Number(random.Next(4) == 0 ? 0 : random.Next()));
                break;
            case 2:
                Append(frames, 3, 0, known, Number(random.Next(14)));
                break;
            case 3:
                Append(frames, 2, 0, known, [.. Number(random.Next(8)), 16]);
                break;
            case 4:
                Append(frames, 0, random.Next(2), known, new byte[random.Next(100)]);
                break;
            case 5:
                Append(frames, random.Next(256), random.Next(256), random.Next(8), Enumerable.Repeat((byte)random.Next(256), random.Next(40)).ToArray());
                break;
            case 6:
                for (var settings = random.Next(40); settings > 0; settings--)
                {
                    Append(frames, 4, 0, 0, []);
                }

                break;
            default:
                AppendRequest(frames, stream, random);
                stream += 2;
                break;
        }
    }

    private static void AppendRequest(List<byte> frames, int stream, Random random)
    {
        var block = new List<byte>();
        var method = random.Next(10) == 0 ? OneOf(["CONNECT", "TRACE", "get", "", "GET /x HTTP/1.1\r\nA: b", "QUERY"], random) : OneOf(["GET", "POST", "PUT", "HEAD"], random);
        (string Name, string Value)[] pseudo =
        [
            (":method", method),
            (":scheme", random.Next(20) == 0 ? OneOf(["https", "http://a/?", "", "ftp"], random) : "http"),
            (":path", random.Next(6) == 0 ? OneOf(["", "x", "*", "http://a/", "/a b", "/a#b", "/%2e%2e/a", "/..", "/a\r\nb", "//evil/x", "/%2f"], random) : "/a?b=c"),
            (":authority", random.Next(12) == 0 ? OneOf(["", "u@a", "a b", "b", "a:99999"], random) : "a"),
        ];
        foreach (var (name, value) in pseudo)
        {
            if (random.Next(40) != 0)
            {
                AppendField(block, name, value, random);
            }
        }

        for (var fields = random.Next(4); fields > 0; fields--)
        {
            AppendField(block, random.Next(3) == 0 ? OneOf(Names, random) : "x-b", random.Next(3) == 0 ? OneOf(Values, random) : "c", random);
        }

        var body = method is "POST" or "PUT" ? random.Next(200) : 0;
        if (body > 0 && random.Next(3) == 0)
        {
            AppendField(block, "content-length", $"{body + (random.Next(4) == 0 ? 1 : 0)}", random);
        }

        var cut = random.Next(6) == 0 ? random.Next(block.Count + 1) : block.Count;
        Append(frames, 1, (body == 0 ? EndStream : 0) | (cut == block.Count ? EndHeaders : 0), stream, [.. block[..cut]]);
        if (cut < block.Count)
        {
            Append(frames, 9, EndHeaders, stream, [.. block[cut..]]);
        }

        if (body > 0)
        {
            Append(frames, 0, random.Next(5) == 0 ? 0 : EndStream, stream, new byte[body]);
            if (random.Next(10) == 0)
            {
                var trailers = new List<byte>();
                AppendField(trailers, OneOf(["x-t", "content-length", ":path"], random), "1", random);
                Append(frames, 1, EndStream | EndHeaders, stream, [.. trailers]);
            }
        }
    }

    // A literal with a name of its own: without indexing, never indexed or with it (RFC 7541 §6.2).
    private static void AppendField(List<byte> block, string name, string value, Random random)
    {
        block.Add(random.Next(4) switch { 0 => 0x40, 1 => 0x10, _ => 0x00 });
        AppendString(block, name);
        AppendString(block, value);
    }

    private static void AppendString(List<byte> block, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        if (bytes.Length < 127)
        {
            block.Add((byte)bytes.Length);
        }
        else
        {
            block.Add(127);
            var rest = bytes.Length - 127;
            for (; rest >= 128; rest /= 128)
            {
                block.Add((byte)((rest % 128) + 128));
            }

            block.Add((byte)rest);
        }

        block.AddRange(bytes);
    }

    private static void Append(List<byte> frames, int type, int flags, int stream, byte[] payload)
    {
        frames.AddRange([(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, (byte)type, (byte)flags]);
        frames.AddRange(Number(stream));
        frames.AddRange(payload);
    }

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
