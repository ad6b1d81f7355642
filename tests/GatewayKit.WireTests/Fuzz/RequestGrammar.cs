using System.Text;

namespace GatewayKit.WireTests.Fuzz;

/// <summary>Makes HTTP/1.1 requests, most of them valid, some followed by others on the same connection.</summary>
internal static class RequestGrammar
{
    private static readonly string[] GoodMethods = ["GET", "GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "QUERY", "PROPFIND"];

    private static readonly string[] BadMethods =
        ["TRACE", "CONNECT", "get", "PRI", "M-SEARCH", "G\u00CBT"];

    private static readonly string[] GoodSegments = ["a", "orders", "%41", ".", "", "a;b=c", "%C3%A9", "a%20b", "*", "@", "~", ":", "%2b"];

    private static readonly string[] BadSegments = ["%2e%2e", "..", "%2F", "%252f", "..;", "%c0%af", "\u00E9", "%", "%zz", "%5c", "%00", "a\\b"];

    private static readonly string[] Queries = ["", "", "?", "?a=1&a=2", "?%2f", "?a=b?c", "?;x", "?[]{}|", "?\"", "?\u00E9", "?a#b"];

    private static readonly string[] Hosts = ["a", "a.example", "a.example:80", "A.Example.", "[::1]:8080", "", "a,b", "u@a", "a:99999", "a b", "[::1", "\u00E9", "a/b"];

    private static readonly string[] Fields =
    [
        "Accept: */*", "User-Agent: fuzz", "Cookie: a=b", "Cookie: c=d; e", "Authorization: Bearer x", "X-Forwarded-For: 1.2.3.4", "x_forwarded_for: 1", "Forwarded: for=1.2.3.4", "Via: 1.1 gatewaykit",
        "Connection: close", "Connection: keep-alive, X-Hop", "X-Hop: 1", "Connection: Host", "TE: trailers", "TE: gzip", "Trailer: X-T", "Expect: 100-continue", "Expect: 200-ok", "Upgrade: websocket",
        "Upgrade: h2c", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "HTTP2-Settings: AAMAAABkAARAAAAA", "Content-Type: text/plain", "Content-Encoding: gzip",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "traceparent: zz", "tracestate: a=1,b=2", "tracestate: a=1,a=1", "baggage: k=v", "X-Content-Length: 3", "X-Original-URL: /admin",
        "Range: bytes=0-1,2-3", "If-None-Match: \"x\"", "X-Empty:", "X-Latin: \u00E9\u00FF", "X-Tab:\ta\tb", "A[b]: 1", "X(y): 1", "Max-Forwards: 0", "Max-Forwards: 3", "Proxy-Connection: close", "Keep-Alive: timeout=5",
        "Content-Language: de", "Expires: 0", "Request-Id: |a.b.", "X-HTTP-Method-Override: DELETE", "Date: yesterday", "Accept-Encoding: gzip, br", "Grpc-Timeout: 1S", ":path: /x", "Early-Data: 1", "CDN-Loop: a",
    ];

    private static readonly string[] Handshake =
        ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];

    private static readonly string[] OriginHosts =
        ["a", "a:80", "a:0", "a:99999", "a:", "b", "1:2:3", "::1", "[::1]", "[::1]:80", "[::1", "]:1[", ":80", ":", "", "*", "*.a", "u@a", "a/", "a a", "\u00E9", "a,http://a", "a..b", "a."];

    public static byte[] Make(Random random)
    {
        var text = new StringBuilder();
        for (var count = random.Next(4) == 0 ? random.Next(2, 4) : 1; count > 0; count--)
        {
            AppendRequest(text, random);
        }

        var bytes = Encoding.Latin1.GetBytes(text.ToString());
        return random.Next(3) == 0 ? bytes : Mutation.Apply(bytes, random);
    }

    private static void AppendRequest(StringBuilder text, Random random)
    {
        text.Append(OneOf(random.Next(10) == 0 ? BadMethods : GoodMethods, random)).Append(' ').Append(Target(random)).Append(random.Next(12) == 0 ? OneOf([" HTTP/1.0", " HTTP/1.2", " HTTP/2.0", ""], random) : " HTTP/1.1").Append("\r\n");
        text.Append("Host: ").Append(random.Next(10) == 0 ? OneOf(Hosts, random) : "a").Append("\r\n");
        for (var fields = random.Next(4); fields > 0; fields--)
        {
            text.Append(OneOf(Fields, random)).Append("\r\n");
        }

        if (random.Next(8) == 0)
        {
            // A handshake, which is what an origin counts for.
            text.AppendJoin("\r\n", Handshake).Append("\r\n").Append("Origin: ").Append(Origin(random)).Append("\r\n");
        }

        AppendBody(text, random);
    }

    public static string Origin(Random random) => OneOf(["http://", "http://", "http://", "https://", "HTTP://", "ftp://", "null", ""], random) + OneOf(OriginHosts, random);

    private static string Target(Random random)
    {
        if (random.Next(10) == 0)
        {
            return OneOf(["*", "http://a/x", "http://b/x?y", "https://a", "a:443", "/" + new string('x', 8_200), "//evil/x", "/a?" + new string('q', 3_000)], random);
        }

        var target = new StringBuilder();
        for (var segments = random.Next(1, 5); segments > 0; segments--)
        {
            target.Append('/').Append(OneOf(random.Next(10) == 0 ? BadSegments : GoodSegments, random));
        }

        return target.Append(OneOf(Queries, random)).ToString();
    }

    private static void AppendBody(StringBuilder text, Random random)
    {
        var body = new string((char)random.Next('a', 'z'), random.Next(6) == 0 ? random.Next(20_000) : random.Next(20));
        switch (random.Next(8))
        {
            case 0:
                text.Append($"Content-Length: {body.Length}\r\n\r\n{body}");
                break;
            case 1:
                text.Append($"Content-Length: {OneOf([$"{body.Length + 1}", $"{Math.Max(0, body.Length - 1)}", $"0{body.Length}", "", "x", $"{body.Length}, {body.Length}"], random)}\r\n\r\n{body}");
                break;
            case 2:
                text.Append("Transfer-Encoding: ").Append(OneOf(["chunked", "chunked", "chunked", "Chunked", "gzip, chunked", "chunked, identity", "xchunked"], random)).Append("\r\n\r\n");
                AppendChunks(text, body, random);
                break;
            case 3 when random.Next(3) == 0:
                text.Append($"Content-Length: {body.Length}\r\nTransfer-Encoding: chunked\r\n\r\n");
                AppendChunks(text, body, random);
                break;
            default:
                text.Append("\r\n");
                break;
        }
    }

    public static void AppendChunks(StringBuilder text, string body, Random random)
    {
        for (var at = 0; at < body.Length;)
        {
            var size = Math.Min(body.Length - at, random.Next(1, 5_000));
            text.Append($"{size:x}{(random.Next(10) == 0 ? ";name=value" : "")}\r\n").Append(body, at, size).Append("\r\n");
            at += size;
        }

        text.Append("0\r\n").Append(random.Next(6) == 0 ? "X-T: 1\r\n" : "").Append("\r\n");
    }

    public static string OneOf(string[] all, Random random) => all[random.Next(all.Length)];
}
