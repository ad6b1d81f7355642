using static GatewayKit.WireTests.Http2.ErrorCode;
using static GatewayKit.WireTests.Http2.Expected;

namespace GatewayKit.WireTests.Http2.Cases;

/// <summary>Compressed fields (RFC 7541).</summary>
internal static class BlockCases
{
    private const string Target = "/case";

    // One letter a is 00011 and padding of ones (RFC 7541 appendix B).
    private const string LetterA = "\x1f";

    public static IEnumerable<FrameCase> All { get; } =
    [
        new("fields by their index", Block(Hpack.Indexed(2) + Hpack.Indexed(6) + Hpack.Field(":path", Target) + "\x01" + Hpack.Text("wire.example")), new Forwarded("GET", Target)),
        new("remembered field is repeated", Block(Get + Hpack.Remembered("x-a", "b") + Hpack.Indexed(62)), new Forwarded("GET", Target) { With = ["x-a: b, b"] }),
        new("field that is never to be remembered", Block(Get + "\x10" + Hpack.Text("x-a") + Hpack.Text("b")), new Forwarded("GET", Target) { With = ["x-a: b"] }),
        new("Huffman code", Block(Get + "\0" + Hpack.Text("x-a") + Hpack.Text(LetterA, isHuffman: true)), new Forwarded("GET", Target) { With = ["x-a: a"] }),
        new("Huffman code padded with zeros", Block(Get + "\0" + Hpack.Text("x-a") + Hpack.Text("\x18", isHuffman: true)), new ConnectionError(CompressionError)),
        new("Huffman code padded with a whole byte", Block(Get + "\0" + Hpack.Text("x-a") + Hpack.Text(LetterA + "\xff", isHuffman: true)), new ConnectionError(CompressionError)),
        new("Huffman code with the end of strings", Block(Get + "\0" + Hpack.Text("x-a") + Hpack.Text("\xff\xff\xff\xff", isHuffman: true)), new ConnectionError(CompressionError)),
        new("index zero", Block(Get + Hpack.Indexed(0)), new ConnectionError(InternalError))
        {
            Leniency = "RFC 7541 §6.1 asks for COMPRESSION_ERROR; Kestrel says INTERNAL_ERROR. The connection ends either way.",
        },
        new("index of nothing", Block(Get + Hpack.Indexed(62)), new ConnectionError(CompressionError)),
        new("index beyond everything", Block(Get + Hpack.Indexed(int.MaxValue)), new ConnectionError(CompressionError)),
        new("number without an end", Block(Get + "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), new ConnectionError(CompressionError)),
        new("length beyond the block", Block(Get + "\0" + Hpack.Integer(0, 7, 5_000) + "x-a"), new ConnectionError(CompressionError)),
        new("table larger than granted", Block(Hpack.TableSize(1 << 20) + Get), new ConnectionError(CompressionError)),
        new("table resized in the middle", Block(Get + Hpack.TableSize(0)), new ConnectionError(CompressionError)),
        new("table resized to nothing and back", Block(Hpack.TableSize(0) + Hpack.TableSize(4_096) + Get), new Forwarded("GET", Target)),
        new("more than 32 KiB of fields", Block(Get + Hpack.Field("x-a", new('b', 16_384 - 200)), Hpack.Field("x-b", new('b', 16_384 - 200)), Hpack.Field("x-c", new('b', 500))), new Refused(431)),
        new("bomb: 4 KB remembered, named a hundred times", Block(Get + Hpack.Remembered("x-a", new('b', 4_000)) + string.Concat(Enumerable.Repeat(Hpack.Indexed(62), 90))), new ConnectionError(ProtocolError)),
    ];

    private static string Get => Http2Client.Get(Target);

    private static string Block(string block, params string[] continuations) => continuations.Length == 0
        ? Frames.Headers(FrameCase.Stream, block, end: true)
        : Frames.HeadersBegin(FrameCase.Stream, block, end: true)
            + string.Concat(continuations.Select((part, i) => Frames.Continuation(FrameCase.Stream, part, last: i == continuations.Length - 1)));
}
