using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>Line ends and versions (RFC 9112 §2.2, §2.3), and requests that follow each other.</summary>
internal static class LineCases
{
    public static IReadOnlyList<RequestCase> All { get; } =
    [
        Case("LF everywhere", "GET / HTTP/1.1\nHost: a.example\n\n").Rejected(400),
        Case("LF after the request line", "GET / HTTP/1.1\nHost: a.example\r\n\r\n").Rejected(400),
        Case("LF after a field", "GET / HTTP/1.1\r\nHost: a.example\nX-A: 1\r\n\r\n").Rejected(400),
        Case("LF for the empty line", "GET / HTTP/1.1\r\nHost: a.example\r\n\n").Rejected(400),
        Case("LF for the last two line ends", "GET / HTTP/1.1\r\nHost: a.example\n\nX").Rejected(400),
        Case("CR for a line end", "GET / HTTP/1.1\rHost: a.example\r\n\r\n").Rejected(400),
        Case("CR for the empty line", "GET / HTTP/1.1\r\nHost: a.example\r\n\rX").Rejected(400),
        Case("CR before CRLF", "GET / HTTP/1.1\r\nHost: a.example\r\r\n\r\n").Rejected(400),
        Case("CR in a value", With("X-A: a\rX-B: b\r\n")).Rejected(400),
        Case("CR at the end of the version", "GET / HTTP/1.1\r\r\nHost: a.example\r\n\r\n").Rejected(400),
        Case("LF inside the target", "GET /a\nb HTTP/1.1\r\nHost: a.example\r\n\r\n").Rejected(400),
        Case("NUL before the request", "\0GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").Rejected(400),
        Case("bytes of TLS", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003\r\n\r\n").Rejected(400),
        Case("garbage", "hello world, how are you?\r\n\r\n").Rejected(400),

        // Versions.
        Case("1.0", "GET / HTTP/1.0\r\nHost: a.example\r\n\r\n").Forwards("GET /").Closes(),
        Case("1.0 without Host", "GET /x HTTP/1.0\r\n\r\n").Forwards("GET /x", without: ["X-Forwarded-Host"]).Closes(),
        Case("1.0 with a body", "POST / HTTP/1.0\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello").Forwards("POST /", "hello").Closes(),
        Case("1.0 that would be kept", "GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n").Forwards("GET /").MayClose(),
        Case("1.0 with a second request behind", "GET /1 HTTP/1.0\r\nHost: a.example\r\n\r\nGET /2 HTTP/1.0\r\nHost: a.example\r\n\r\n").Forwards("GET /1").Closes(),
        Case("1.0 with a coding", "POST / HTTP/1.0\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").RefusesFraming(),
        Case("1.0 with a coding and a length", "POST / HTTP/1.0\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n").RefusesFraming(),
        Case("1.0 that would be upgraded", "GET / HTTP/1.0\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n").Forwards("GET /").Closes(),
        .. Each(
            "bad version",
            ["HTTP/1.2", "HTTP/1.10", "HTTP/01.1", "HTTP/1.01", "HTTP/2.0", "HTTP/2", "HTTP/3.0", "HTTP/0.9", "HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/1,1", "HTTP/1.1 ", "HTTP/1.1\t", "http/1.1", "Http/1.1", "HTTPS/1.1", "HTTP 1.1", "HTTP/ 1.1", "HTTP/1.1x", "HTTP/1.1\0", "HTTP/-1.1", "X", "HTTP/", "ICY"],
            static version => Line($"GET / {version}"),
            static request => request.Rejected(400, 505)),
        Case("0.9", "GET /\r\n\r\n").Rejected(400),
        Case("0.9 with a space", "GET / \r\n\r\n").Rejected(400),
        Case("0.9 with fields", "GET /\r\nHost: a.example\r\n\r\n").Rejected(400),
        Case("tabs for spaces", "GET\t/\tHTTP/1.1\r\nHost: a.example\r\n\r\n").Rejected(400),
        Case("two spaces before the target", "GET  / HTTP/1.1\r\nHost: a.example\r\n\r\n").Rejected(400),

        // One behind the other.
        Case("two", Get("/1") + Get("/2")).Forwards("GET /1").Forwards("GET /2"),
        Case("ten", string.Concat(Enumerable.Range(0, 10).Select(static i => Get($"/{i}")))) with { Answers = [.. Enumerable.Range(0, 10).Select(static i => Case(string.Empty, string.Empty).Forwards($"GET /{i}").Answers[0])] },
        Case("empty line between two", $"{Get("/1")}\r\n{Get("/2")}").Forwards("GET /1").Forwards("GET /2"),
        Case("bodies between", Post("Content-Length: 3\r\n", "abc") + Chunked("2\r\nde\r\n0\r\n\r\n") + Get("/3")).Forwards("POST /", "abc").Forwards("POST /", "de", chunked: true).Forwards("GET /3"),
        Case("refused, then served", Get("/a%2Fb") + Get("/2")).Refused(400, "ambiguous-path").Forwards("GET /2"),
        Case("refused with a body, then served", $"POST /a%2Fb HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello{Get("/2")}").Refused(400, "ambiguous-path").Forwards("GET /2"),
        Case("refused with chunks, then served", $"POST /a%2Fb HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n{Get("/2")}").Refused(400, "ambiguous-path").Forwards("GET /2"),
        Case("served, then malformed", Get("/1") + Line("GET / HTTP/9")).Forwards("GET /1").Rejected(400, 505),
        Case("nothing after close", Get("/1", "Connection: close\r\n") + Get("/2")).Forwards("GET /1").Closes(),
        Case("nothing after a broken body", Chunked("5\r\nhelloXX") + Get("/2")).BreaksOff(),
        Case("nothing after ambiguous framing", Post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n") + Get("/2")).Refused(400, "ambiguous-framing").Closes(),
        Case("HEAD before GET", $"HEAD /1 HTTP/1.1\r\nHost: a.example\r\n\r\n{Get("/2")}").Forwards("HEAD /1").Forwards("GET /2"),
        Case("hosts of their own", "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\nGET /2 HTTP/1.1\r\nHost: b.example\r\n\r\n").Forwards("GET /1", with: ["X-Forwarded-Host: a.example"]).Forwards("GET /2", with: ["X-Forwarded-Host: b.example"]),
    ];
}
