using System.Text;
using static GatewayKit.WireTests.Fuzz.RequestGrammar;

namespace GatewayKit.WireTests.Fuzz;

/// <summary>Makes answers of a destination, from good to hostile.</summary>
internal static class ResponseGrammar
{
    private static readonly string[] GoodStatusLines =
        ["HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified", "HTTP/1.1 302 Found", "HTTP/1.1 503 Busy"];

    private static readonly string[] BadStatusLines =
    [
        "HTTP/1.0 200 OK",
        "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 101 Switching Protocols", "HTTP/1.1 099 x", "HTTP/1.1 600 x", "HTTP/1.1 20 OK", "HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "http/1.1 200 OK", "HTTP/1.1 200 O\rK", "ICY 200 OK",
    ];

    private static readonly string[] GoodFields =
    [
        "Content-Type: text/plain", "Set-Cookie: a=b", "Set-Cookie: c=d; Path=/", "Cache-Control: no-store", "Connection: close", "Connection: X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5", "Trailer: X-T", "Upgrade: h2c",
        "Location: http://evil/", "Alt-Svc: h3=\":443\"", "X-Empty:", "Date: now", "Server: x", "Content-Encoding: gzip", "ETag: \"x\"", "Via: 1.1 x", "WWW-Authenticate: Basic", "Grpc-Status: 0",
    ];

    private static readonly string[] BadFields =
        ["X-Latin: \u00E9", "A[b]: c", "X Y: 1", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked", "Content-Length: 3", "Content-Length: 4", "X-Nul: a\0b", ": x", "NoColon"];

    public static byte[] Make(Random random)
    {
        var text = new StringBuilder();
        for (var interim = random.Next(8) == 0 ? random.Next(1, 40) : 0; interim > 0; interim--)
        {
            text.Append(OneOf(["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "HTTP/1.1 199 x\r\n\r\n"], random));
        }

        text.Append(OneOf(random.Next(4) == 0 ? BadStatusLines : GoodStatusLines, random)).Append("\r\n");
        for (var fields = random.Next(6); fields > 0; fields--)
        {
            text.Append(OneOf(random.Next(8) == 0 ? BadFields : GoodFields, random)).Append("\r\n");
        }

        if (random.Next(60) == 0)
        {
            text.Append("X-Large: ").Append('z', random.Next(1_000, 90_000)).Append("\r\n");
        }

        var body = new string((char)random.Next('a', 'z'), random.Next(8) == 0 ? random.Next(70_000) : random.Next(30));
        switch (random.Next(6))
        {
            case 0 or 1:
                text.Append($"Content-Length: {body.Length}\r\n\r\n{body}");
                break;
            case 2:
                text.Append($"Content-Length: {OneOf([$"{body.Length + 1}", $"{Math.Max(0, body.Length - 1)}", "-1", "+3", "x", "", "99999999999999999999"], random)}\r\n\r\n{body}");
                break;
            case 3 or 4:
                text.Append("Transfer-Encoding: chunked\r\n\r\n");
                AppendChunks(text, body, random);
                break;
            default:
                text.Append("\r\n").Append(body);
                break;
        }

        return Mutation.Apply(Encoding.Latin1.GetBytes(text.Append(random.Next(20) == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison" : "").ToString()), random);
    }
}
