using static GatewayKit.WireTests.Http2.ErrorCode;
using static GatewayKit.WireTests.Http2.Expected;

namespace GatewayKit.WireTests.Http2.Cases;

/// <summary>What a request says of itself (RFC 9113 §8.3).</summary>
internal static class PseudoFieldCases
{
    private const string Target = "/case";

    public static IEnumerable<FrameCase> All { get; } =
    [
        new("ordinary GET", Request([]), new Forwarded("GET", Target)),
        new("pseudo fields in another order", Request([(":authority", "wire.example"), (":path", Target), (":scheme", "http"), (":method", "GET")], isWhole: true), new Forwarded("GET", Target)),
        new("custom method", Request([], method: "PURGE"), new Forwarded("PURGE", Target)),
        new("query passes byte for byte", Request([], path: Target + "?a=%2f&b&c=+;"), new Forwarded("GET", Target + "?a=%2f&b&c=+;")),
        new("asterisk path on OPTIONS", Request([], method: "OPTIONS", path: "*"), new Refused(400, "ambiguous-path")),

        new("no method", Without(":method"), new StreamError(ProtocolError)),
        new("no scheme", Without(":scheme"), new StreamError(ProtocolError)),
        new("no path", Without(":path"), new StreamError(ProtocolError)),
        new("no authority and no host", Without(":authority"), new Refused(400, "bad-host")),
        new("no authority but a host", Without(":authority", ("host", "wire.example")), new Forwarded("GET", Target) { With = ["X-Forwarded-Host: wire.example"] }),
        new("two methods", Request([(":method", "POST")]), new ConnectionError(ProtocolError)),
        new("two paths", Request([(":path", "/other")]), new ConnectionError(ProtocolError)),
        new("two schemes", Request([(":scheme", "http")]), new ConnectionError(ProtocolError)),
        new("two authorities", Request([(":authority", "other.example")]), new ConnectionError(ProtocolError)),
        new("pseudo field behind a field", Request([("a", "b"), (":path", "/other")]), new ConnectionError(ProtocolError)),
        new("unknown pseudo field", Request([(":gateway", "x")]), new ConnectionError(ProtocolError)),
        new("status of an answer", Request([(":status", "200")]), new ConnectionError(ProtocolError)),
        new("pseudo field without a name", Request([(":", "x")]), new ConnectionError(ProtocolError)),

        new("empty method", Request([], method: ""), new StreamError(ProtocolError)),
        new("method with a request line in it", Request([], method: "GET /x HTTP/1.1\r\nA: b"), new ConnectionError(ProtocolError)),
        new("method with a space", Request([], method: "GE T"), new StreamError(ProtocolError)),
        new("method in lower case", Request([], method: "get"), new Refused(405, "method-not-allowed")),
        new("TRACE", Request([], method: "TRACE"), new Refused(405, "method-not-allowed")),
        new("preface as a method", Request([], method: "PRI"), new Refused(405, "method-not-allowed")),

        new("path without a slash", Request([], path: "case"), new StreamError(ProtocolError)),
        new("empty path", Request([], path: ""), new StreamError(ProtocolError)),
        new("absolute URI as a path", Request([], path: "http://wire.example/case"), new StreamError(ProtocolError)),
        new("asterisk path on GET", Request([], path: "*"), new StreamError(ProtocolError)),
        new("path with a fragment", Request([], path: "/case#x"), new Refused(400, "ambiguous-path")),
        new("path with a space", Request([], path: "/ca se"), new Refused(400, "ambiguous-path")),
        new("path with CR LF", Request([], path: "/case HTTP/1.1\r\nA: b"), new ConnectionError(ProtocolError)),
        new("path with NUL", Request([], path: "/ca\0se"), new ConnectionError(ProtocolError)),
        new("path with a raw byte", Request([], path: "/ca\xe9se"), new ConnectionError(ProtocolError)),
        new("path with an escaped slash", Request([], path: "/ca%2fse"), new Refused(400, "ambiguous-path")),
        new("path above the root", Request([], path: "/../case"), new Refused(400, "ambiguous-path")),

        new("scheme with an authority in it", Request([], scheme: "http://evil/?"), new StreamError(ProtocolError)),
        new("scheme of another connection", Request([], scheme: "https"), new StreamError(ProtocolError)),
        new("scheme with CR LF", Request([], scheme: "http\r\nA: b"), new ConnectionError(ProtocolError)),
        new("empty scheme", Request([], scheme: ""), new StreamError(ProtocolError)),

        new("authority with a user", Request([], authority: "user@wire.example"), new StreamError(ProtocolError)),
        new("authority with a path", Request([], authority: "wire.example/x"), new StreamError(ProtocolError)),
        new("two authorities in one", Request([], authority: "a,b"), new StreamError(ProtocolError)),
        new("authority with CR LF", Request([], authority: "wire.example\r\nA: b"), new ConnectionError(ProtocolError)),
        new("port out of range", Request([], authority: "wire.example:99999"), new Refused(400, "bad-host")),
        new("open bracket", Request([], authority: "[::1"), new StreamError(ProtocolError)),
        new("host that differs from the authority", Request([("host", "other.example")]), new Forwarded("GET", Target) { With = ["X-Forwarded-Host: wire.example"] })
        {
            Leniency = "Kestrel puts :authority in the place of Host without comparing them (RFC 9113 §8.3.1: the receiver treats Host as if it were not there). What is matched, recorded and forwarded is the authority.",
        },
        new("two hosts", Request([("host", "a.example"), ("host", "b.example")]), new Forwarded("GET", Target) { With = ["X-Forwarded-Host: wire.example"] })
        {
            Leniency = "As above: the authority replaces them all.",
        },

        new("plain CONNECT", Frames.Headers(FrameCase.Stream, Hpack.Block((":method", "CONNECT"), (":authority", "wire.example:80"))), new Refused(405, "method-not-allowed")),
        new("CONNECT with a path", Request([], method: "CONNECT"), new StreamError(ProtocolError)),
        new("protocol without CONNECT", Request([(":protocol", "websocket")], isLate: true), new StreamError(ProtocolError)),
        new("CONNECT for another protocol", Request([(":protocol", "connect-udp")], method: "CONNECT", isLate: true, end: false), new Refused(405, "method-not-allowed")),
    ];

    private static string Request(
        (string Name, string Value)[] fields, string method = "GET", string path = Target, string scheme = "http", string authority = "wire.example", bool isWhole = false, bool isLate = false, bool end = true) =>
        Frames.Headers(
            FrameCase.Stream,
            (isWhole ? string.Empty : Hpack.Block((":method", method), (":scheme", scheme), (":path", path), (":authority", authority))) + Hpack.Block(fields) + (isLate ? Hpack.Field("sec-websocket-key", "x") : string.Empty),
            end);

    private static string Without(string name, params (string Name, string Value)[] fields)
    {
        (string Name, string Value)[] all = [(":method", "GET"), (":scheme", "http"), (":path", Target), (":authority", "wire.example"), .. fields];
        return Frames.Headers(FrameCase.Stream, Hpack.Block([.. all.Where(field => field.Name != name)]), end: true);
    }
}
