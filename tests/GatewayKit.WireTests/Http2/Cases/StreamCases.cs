using static GatewayKit.WireTests.Http2.ErrorCode;
using static GatewayKit.WireTests.Http2.Expected;

namespace GatewayKit.WireTests.Http2.Cases;

/// <summary>Frames that come where they must not, or are not what they say (RFC 9113 §5, §6).</summary>
internal static class StreamCases
{
    private const int Stream = FrameCase.Stream;
    private const string Target = "/case";

    private static readonly string Get = Frames.Headers(Stream, Http2Client.Get(Target), end: true);

    public static IEnumerable<FrameCase> All { get; } =
    [
        new("DATA on an idle stream", Frames.Data(Stream, "x"), new ConnectionError(ProtocolError)),
        new("DATA on the connection", Frames.Data(0, "x"), new ConnectionError(ProtocolError)),
        new("DATA on a half closed stream", Post() + Frames.Data(Stream, "x", end: true) + Frames.Data(Stream, "y"), new ConnectionError(StreamClosed)) { MayBreakOff = true, MayArrive = true },
        new("DATA with more padding than frame", Post() + Frames.Raw(FrameType.Data, Frames.Padded, Stream, "\x09hello"), new ConnectionError(ProtocolError)) { MayBreakOff = true },
        new("DATA larger than allowed", Post() + Frames.Data(Stream, new('x', 16_385)), new ConnectionError(FrameSizeError)) { MayBreakOff = true },
        new("HEADERS on an even stream", Frames.Headers(4, Http2Client.Get(Target), end: true), new ConnectionError(ProtocolError)),
        new("HEADERS on the connection", Frames.Headers(0, Http2Client.Get(Target), end: true), new ConnectionError(ProtocolError)),
        new("HEADERS that depend on themselves", Frames.Raw(FrameType.Headers, Frames.EndStream | Frames.EndHeaders | Frames.WithRequestPriority, Stream, Frames.Number(Stream, 4) + "\x10" + Http2Client.Get(Target)), new ConnectionError(ProtocolError)),
        new("HEADERS with a priority", Frames.Raw(FrameType.Headers, Frames.EndStream | Frames.EndHeaders | Frames.WithRequestPriority, Stream, Frames.Number(0, 4) + "\x10" + Http2Client.Get(Target)), new Forwarded("GET", Target)),
        new("HEADERS with padding", Frames.Raw(FrameType.Headers, Frames.EndStream | Frames.EndHeaders | Frames.Padded, Stream, "\x02" + Http2Client.Get(Target) + "\0\0"), new Forwarded("GET", Target)),
        new("HEADERS with more padding than frame", Frames.Raw(FrameType.Headers, Frames.EndStream | Frames.EndHeaders | Frames.Padded, Stream, "\xff" + Http2Client.Get(Target)), new ConnectionError(ProtocolError)),
        new("HEADERS on an older stream", Frames.Headers(7, Http2Client.Get(Target), end: true) + Get, new ConnectionError(StreamClosed)) { MayBreakOff = true, MayArrive = true },
        new("frame between the parts of a block", Frames.HeadersBegin(Stream, Http2Client.Get(Target), end: true) + Frames.Ping() + Frames.Continuation(Stream, Hpack.Field("a", "b")), new ConnectionError(ProtocolError)),
        new("CONTINUATION of another stream", Frames.HeadersBegin(Stream, Http2Client.Get(Target), end: true) + Frames.Continuation(5, Hpack.Field("a", "b")), new ConnectionError(ProtocolError)),
        new("CONTINUATION of nothing", Frames.Continuation(Stream, Hpack.Field("a", "b")), new ConnectionError(ProtocolError)),
        new("block in three parts", Frames.HeadersBegin(Stream, Http2Client.Get(Target)[..7], end: true) + Frames.Continuation(Stream, Http2Client.Get(Target)[7..], last: false) + Frames.Continuation(Stream, string.Empty), new Forwarded("GET", Target)),
        new("block ends in the middle of a field", Frames.Headers(Stream, Http2Client.Get(Target)[..^3], end: true), new ConnectionError(CompressionError)),

        new("PRIORITY on itself", Frames.Priority(Stream, Stream), new ConnectionError(ProtocolError)),
        new("PRIORITY of another length", Frames.Raw(FrameType.Priority, 0, Stream, "\0\0\0\0"), new ConnectionError(FrameSizeError)),
        new("PRIORITY on an idle stream", Frames.Priority(99, 0), new Nothing()),
        new("RST_STREAM on an idle stream", Frames.Reset(Stream, Cancel), new ConnectionError(ProtocolError)),
        new("RST_STREAM of another length", Get + Frames.Raw(FrameType.RstStream, 0, Stream, "\0\0\0"), new ConnectionError(FrameSizeError)) { MayBreakOff = true, MayArrive = true },
        new("SETTINGS on a stream", Frames.Raw(FrameType.Settings, 0, Stream, string.Empty), new ConnectionError(ProtocolError)),
        new("SETTINGS of half an entry", Frames.Raw(FrameType.Settings, 0, 0, "\0\x03\0"), new ConnectionError(FrameSizeError)),
        new("SETTINGS acknowledgement with entries", Frames.Raw(FrameType.Settings, Frames.Acknowledgement, 0, "\0\x03\0\0\0\x01"), new ConnectionError(FrameSizeError)),
        new("push that is neither on nor off", Frames.Settings((2, 2)), new ConnectionError(ProtocolError)),
        new("window beyond 31 bits", Frames.Settings((4, 0x8000_0000)), new ConnectionError(FlowControlError)),
        new("frame size below the least", Frames.Settings((5, 16_383)), new ConnectionError(ProtocolError)),
        new("unknown setting", Frames.Settings((0x99, 1)), new Nothing()),
        new("PUSH_PROMISE from a client", Frames.Raw(FrameType.PushPromise, Frames.EndHeaders, Stream, Frames.Number(2, 4) + Http2Client.Get(Target)), new ConnectionError(ProtocolError)),
        new("PING of another length", Frames.Ping("1234567"), new ConnectionError(FrameSizeError)),
        new("PING on a stream", Frames.Raw(FrameType.Ping, 0, Stream, "12345678"), new ConnectionError(ProtocolError)),
        new("WINDOW_UPDATE of zero on the connection", Frames.WindowUpdate(0, 0), new ConnectionError(ProtocolError)),
        new("WINDOW_UPDATE of zero on a stream", Post() + Frames.WindowUpdate(Stream, 0), new ConnectionError(ProtocolError)) { MayBreakOff = true },
        new("WINDOW_UPDATE beyond 31 bits", Frames.WindowUpdate(0, 0x7fff_ffff), new ConnectionError(FlowControlError)),
        new("WINDOW_UPDATE beyond 31 bits on a stream", Post() + Frames.WindowUpdate(Stream, 0x7fff_ffff), new StreamError(FlowControlError)) { MayBreakOff = true },
        new("WINDOW_UPDATE on an idle stream", Frames.WindowUpdate(Stream, 1), new ConnectionError(ProtocolError)),
        new("WINDOW_UPDATE of another length", Frames.Raw(FrameType.WindowUpdate, 0, 0, "\0\0\x01"), new ConnectionError(FrameSizeError)),
        new("frame of an unknown type", Frames.Raw((FrameType)0x77, 0xff, Stream, "whatever"), new Nothing()),
        new("reserved bit of a stream", Frames.Raw(FrameType.Headers, Frames.EndStream | Frames.EndHeaders, unchecked((int)0x8000_0003), Http2Client.Get(Target)), new Forwarded("GET", Target)),
        new("GOAWAY on a stream", Frames.Raw(FrameType.GoAway, 0, Stream, "\0\0\0\0\0\0\0\0"), new ConnectionError(ProtocolError)),
        new("HTTP/1.1 in the place of a frame", "GET /evil HTTP/1.1\r\nHost: x\r\n\r\n", new ConnectionError(FrameSizeError)),
    ];

    private static string Post() => Frames.Headers(Stream, Http2Client.Post(Target));
}
