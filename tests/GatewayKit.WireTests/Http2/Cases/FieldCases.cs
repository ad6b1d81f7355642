using static GatewayKit.WireTests.Http2.ErrorCode;
using static GatewayKit.WireTests.Http2.Expected;

namespace GatewayKit.WireTests.Http2.Cases;

/// <summary>Fields that HTTP/1.1 would read as something else (RFC 9113 §8.2, §10.3).</summary>
internal static class FieldCases
{
    private const string Target = "/case";

    public static IEnumerable<FrameCase> All { get; } =
    [
        new("cookie crumbs", Get(("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")), new Forwarded("GET", Target) { With = ["Cookie: a=1; b=2; c=3"] }),
        new("TE trailers", Get(("te", "trailers")), new Forwarded("GET", Target) { Without = ["TE"] }),
        new("repeated field", Get(("x-a", "1"), ("x-a", "2")), new Forwarded("GET", Target) { With = ["x-a: 1, 2"] }),
        new("empty value", Get(("x-a", "")), new Forwarded("GET", Target) { With = ["x-a: "] }),
        new("text in UTF-8", Get(("x-a", "\xc3\xa9")), new Forwarded("GET", Target) { With = ["x-a: \xc3\xa9"] }),

        new("name in upper case", Get(("X-A", "b")), new ConnectionError(ProtocolError)),
        new("empty name", Get(("", "b")), new ConnectionError(CompressionError)),
        new("name with a colon", Get(("a:b", "c")), new Refused(400, "header-name")),
        new("name with a space", Get(("a b", "c")), new Refused(400, "header-name")),
        new("name with CR LF", Get(("a\r\nb", "c")), new Refused(400, "header-name")),
        new("name with NUL", Get(("a\0b", "c")), new ConnectionError(ProtocolError)),
        new("name with a raw byte", Get(("a\xe9", "c")), new ConnectionError(ProtocolError)),
        new("name that folds onto a protected one", Get(("x_forwarded_for", "192.0.2.1")), new Refused(400, "header-name")),

        new("value with CR LF", Get(("x-a", "b\r\nx-b: c")), new ConnectionError(ProtocolError)),
        new("value with CR", Get(("x-a", "b\rc")), new ConnectionError(ProtocolError)),
        new("value with LF", Get(("x-a", "b\nc")), new ConnectionError(ProtocolError)),
        new("value with NUL", Get(("x-a", "b\0c")), new ConnectionError(ProtocolError)),
        new("value that is no UTF-8", Get(("x-a", "\xff")), new ConnectionError(ProtocolError)),
        new("value with a space in front", Get(("x-a", " b")), new Forwarded("GET", Target) { With = ["x-a: b"] }),

        new("connection", Get(("connection", "close")), new ConnectionError(ProtocolError)),
        new("keep-alive", Get(("keep-alive", "timeout=5")), new Refused(400, "ambiguous-framing")),
        new("proxy-connection", Get(("proxy-connection", "close")), new Refused(400, "ambiguous-framing")),
        new("upgrade", Get(("upgrade", "websocket")), new Refused(400, "ambiguous-framing")),
        new("transfer-encoding", Get(("transfer-encoding", "chunked")), new Refused(400, "ambiguous-framing")),
        new("TE gzip", Get(("te", "gzip")), new ConnectionError(ProtocolError)),
        new("TE trailers among others", Get(("te", "trailers, deflate")), new ConnectionError(ProtocolError)),
        new("HTTP2-Settings", Get(("http2-settings", "AAMAAABkAAQAAP__")), new Forwarded("GET", Target)),
        new("unknown expectation", Get(("expect", "miracles")), new Refused(417, "expectation")),
        new("101 fields", Get([.. Enumerable.Range(0, 101).Select(static i => ($"a{i}", "b"))]), new Refused(431)),
    ];

    private static string Get(params (string Name, string Value)[] fields) =>
        Frames.Headers(FrameCase.Stream, Http2Client.Get(Target) + Hpack.Block(fields), end: true);
}
