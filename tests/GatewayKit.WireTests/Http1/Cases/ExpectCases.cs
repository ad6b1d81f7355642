using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>Expectations (RFC 9110 §10.1.1) and upgrades (§7.8): answered here, and never in the way of framing.</summary>
internal static class ExpectCases
{
    private const string WebSocket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

    public static IReadOnlyList<RequestCase> All { get; } =
    [
        Case("body after 100", Post("Expect: 100-continue\r\nContent-Length: 5\r\n", string.Empty)).Continues("hello").Forwards("POST /", "hello"),
        Case("chunks after 100", Chunked(string.Empty, "Expect: 100-continue\r\n")).Continues("5\r\nhello\r\n0\r\n\r\n").Forwards("POST /", "hello", chunked: true),
        Case("in another case", Post("eXPECT: 100-Continue\r\nContent-Length: 5\r\n", string.Empty)).Continues("hello").Forwards("POST /", "hello"),
        Case("body at once", Post("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello")).Forwards("POST /", "hello"),
        Case("body and next request at once", Post("Expect: 100-continue\r\nContent-Length: 5\r\n", $"hello{Get("/2")}")).Forwards("POST /", "hello").Forwards("GET /2"),
        Case("nothing to continue with", Post("Expect: 100-continue\r\nContent-Length: 0\r\n", string.Empty)).Forwards("POST /", string.Empty),
        Case("GET that expects", With("Expect: 100-continue\r\n")).Forwards("GET /"),
        Case("1.0 that expects", "POST / HTTP/1.0\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello").Forwards("POST /", "hello").Closes(),
        .. Each("other expectation", ["coffee", "100-continue, coffee", "y 100-continue", "100-continue=1", "100-continue; a=b", "\"100-continue\"", "200-ok", "100-continue\r\nExpect: coffee", "100-continuee", "100"], static value => With($"Expect: {value}\r\n"), static request => request.Refused(417, "expectation")),
        Case("other expectation with a body", Post("Expect: coffee\r\nContent-Length: 5\r\n", "hello")).Refused(417, "expectation").MayClose(),
        Case("refused before the body gets no 100", "POST /a%2Fb HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n").Refused(400, "ambiguous-path").Leaves(),
        Case("refused for its method gets no 100", "trace / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n").Refused(405, "method-not-allowed").Leaves(),
        Case("too large gets no 100", Post("Expect: 100-continue\r\nContent-Length: 30000001\r\n", string.Empty)).BreaksOff(413, "body-too-large"),

        // Upgrades.
        .. Each("upgrade to what is no WebSocket", ["foo", "h2c", "TLS/1.3", "websocket/13", "websockets", "foo, websocket", "HTTP/2.0"], static token => Get("/1", $"Connection: Upgrade\r\nUpgrade: {token}\r\n") + Get("/2"), static request => request.Forwards("GET /1").Forwards("GET /2")),
        Case("upgrade without Connection", With("Upgrade: websocket\r\n")).Forwards("GET /"),
        Case("h2c with settings", With("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n")).Forwards("GET /"),
        Case("WebSocket that the destination declines", With(WebSocket)).Forwards("GET /", upgrade: true).MayClose(),
        Case("WebSocket declined, a request behind", Get("/1", WebSocket) + Get("/2")).Forwards("GET /1", upgrade: true).Forwards("GET /2"),
        .. Each("WebSocket with a bad key", ["", "x", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZWE=", "!GhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="], static key => With(WebSocket.Replace("dGhlIHNhbXBsZSBub25jZQ==", key, StringComparison.Ordinal)), static request => request.Refused(400, "invalid-upgrade")),
        Case("WebSocket without a key", With("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n")).Refused(400, "invalid-upgrade"),
        Case("WebSocket by POST", Post($"{WebSocket}Content-Length: 0\r\n", string.Empty)).Forwards("POST /", string.Empty),
        Case("WebSocket with a body", Get("/", $"{WebSocket}Content-Length: 5\r\n") + "hello").Refuses(),
        Case("WebSocket with chunks", Get("/", $"{WebSocket}Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n").Refuses(),

        // Clients that try HTTP/2 first do this with every request (RFC 9110 §7.8): the destination gets a plain one, so nothing is left to switch.
        Case("upgrade with a body that is a request", Get("/", $"Connection: Upgrade\r\nUpgrade: foo\r\nContent-Length: {Get("/smuggled").Length}\r\n") + Get("/smuggled")).Forwards("GET /", Get("/smuggled")),
        Case("upgrade with chunks", Post("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")).Forwards("POST /", "hello", chunked: true),
    ];
}
