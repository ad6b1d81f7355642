using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>The chunked coding (RFC 9112 §6.1, §7.1): its name, its sizes, its extensions, its end and its trailers.</summary>
internal static class ChunkCases
{
    private const string Hello = "5\r\nhello\r\n0\r\n\r\n";

    public static IReadOnlyList<RequestCase> All { get; } =
    [
        // The coding.
        Case("chunked", Chunked(Hello)).Forwards("POST /", "hello", chunked: true),
        Case("in another case", Post("tRANSFER-eNCODING: CHUNKED\r\n", Hello)).Forwards("POST /", "hello", chunked: true),
        Case("space around the name of the coding", Post("Transfer-Encoding: \t chunked \t\r\n", Hello)).Forwards("POST /", "hello", chunked: true),
        Case("GET with chunks", $"GET / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n{Hello}").Forwards("GET /", "hello", chunked: true),
        Case("HEAD with chunks", $"HEAD / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n{Hello}").Forwards("HEAD /", "hello", chunked: true),
        .. Each(
            "bad coding",
            [
                "xchunked", "chunkedx", "chunked, identity", "chunked, gzip", "identity", "gzip", "x", "", "\u000bchunked", "\"chunked\"", "\u00a0chunked", "chunked\u00a0", "chunked;a=b", "chunked; q=1", "chunk", "ch unked", "chunke\0d", "chunked\u0001",
                "cow", "chunked\t,identity", "'chunked'", "\u000cchunked", "chunked,,x",
            ],
            static coding => Post($"Transfer-Encoding: {coding}\r\n", Hello),
            static request => request.RefusesFraming()),
        .. Each(
            "chunked and more",
            ["gzip, chunked", "identity, chunked", "chunked, chunked", ", chunked", "chunked,", "x, chunked", "chunked\t,\tchunked"],
            static coding => Post($"Transfer-Encoding: {coding}\r\n", Hello),
            static request => request.RefusesFraming()),
        Case("two lines of the coding", Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Hello)).RefusesFraming(),
        Case("two codings in two lines", Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", Hello)).RefusesFraming(),
        Case("gzip in a line before", Post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", Hello)).RefusesFraming(),
        Case("two lines, one empty", Post("Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n", Hello)).RefusesFraming(),
        Case("space before the colon", Post("Transfer-Encoding : chunked\r\n", Hello)).Rejected(400),
        Case("tab before the colon", Post("Transfer-Encoding\t: chunked\r\n", Hello)).Rejected(400),
        Case("folded", Post("Transfer-Encoding:\r\n chunked\r\n", Hello)).Rejected(400),
        Case("folded before a field", Post("X-A: 1\r\n Transfer-Encoding: chunked\r\n", Hello)).Rejected(400),
        Case("bare LF before the name", Post("X-A: 1\nTransfer-Encoding: chunked\r\n", Hello)).Rejected(400),
        Case("bare CR before the name", Post("X-A: 1\rTransfer-Encoding: chunked\r\n", Hello)).Rejected(400),
        Case("underscore", Post("Transfer_Encoding: chunked\r\nContent-Length: 15\r\n", Hello)).Refused(400, "header-name").MayClose(),

        // Sizes.
        .. Pairs(
            "size",
            [("5\r\nhello\r\n0\r\n\r\n", "hello"), ("05\r\nhello\r\n0\r\n\r\n", "hello"), ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("1\r\na\r\n1\r\nb\r\n0\r\n\r\n", "ab"), ("0\r\n\r\n", ""), ("000\r\n\r\n", ""), ("00000005\r\nhello\r\n0\r\n\r\n", "hello"), ("1f\r\n0123456789012345678901234567890\r\n0\r\n\r\n", "0123456789012345678901234567890")],
            static chunks => Chunked(chunks),
            static (request, body) => request.Forwards("POST /", body, chunked: true)),
        .. Each(
            "bad size",
            ["0x5", "+5", "-1", "-0", "5_0", " 5", "5 ", "\t5", "FFFFFFFFFFFFFFFF1", "FFFFFFFFFFFFFFFF", "8000000000000000", "7FFFFFFFFFFFFFFFF", "100000000", "", "1Z", "Z", "g", "5h", "5.0", "5,5", "\"5\"", "'5", "0x", "5\0", "\u00005", "\u00ff", "5-"],
            static size => Chunked($"{size}\r\nhello\r\n0\r\n\r\n"),
            static request => request.BreaksOff()),

        // Extensions: read over, never passed on.
        .. Each("extension", ["5;a", "5;a=b", "5;a=\"b c\"", "5;a;b=c", "5;", "05;a=b"], static size => Chunked($"{size}\r\nhello\r\n0\r\n\r\n"), static request => request.Forwards("POST /", "hello", chunked: true)),
        Case("extension of the last chunk", Chunked("5\r\nhello\r\n0;a=b\r\n\r\n")).Forwards("POST /", "hello", chunked: true),
        .. Each(
            "bad line end in an extension",
            ["5;\nhello\r\n0\r\n\r\n", "5;a\nhello\r\n0\r\n\r\n", "5;a\rb\r\nhello\r\n0\r\n\r\n", "5\r\r;a\r\nhello\r\n0\r\n\r\n", "5;\rxx\r\nhello\r\n0\r\n\r\n", "5\n;a\r\nhello\r\n0\r\n\r\n", "5;a\n\r\nhello\r\n0\r\n\r\n", "5;a\r\rhello\r\n0\r\n\r\n", "5\rX\nhello\r\n0\r\n\r\n"],
            static chunks => Chunked(chunks),
            static request => request.BreaksOff()),

        // Ends.
        .. Each(
            "bad end",
            ["5\r\nhello0\r\n\r\n", "5\r\nhello\r\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhelloXX0\r\n\r\n", "5\r\nhello\r\n\r\n0\r\n\r\n", "4\r\nhello\r\n0\r\n\r\n", "6\r\nhello\r\n0\r\n\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\n\r\n", "5\r\nhello\r\n0\r\n\rX", "5\r\nhello\r\n0\n\n", "5\rhello\r\n0\r\n\r\n", "5\r\nhello\rX0\r\n\r\n"],
            static chunks => Chunked(chunks),
            static request => request.BreaksOff()),
        Case("LF for the empty line after the last chunk", Chunked($"5\r\nhello\r\n0\r\n\n{Get("/next")}")).BreaksOff(),
        Case("no last chunk", Chunked("5\r\nhello\r\n")).BreaksOff().Silent().Ends(),
        Case("half a chunk", Chunked("5\r\nhel")).BreaksOff().Silent().Ends(),
        Case("half a size", Chunked("1")).BreaksOff().Silent().Ends(),
        Case("no end after the last chunk", Chunked("5\r\nhello\r\n0\r\n")).BreaksOff().Silent().Ends(),
        Case("bytes beyond the end", Chunked($"{Hello}XX\r\n\r\n")).Forwards("POST /", "hello", chunked: true).Rejected(400),
        Case("request beyond the end", Chunked($"{Hello}GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n")).Forwards("POST /", "hello", chunked: true).Forwards("GET /next"),
        Case("request inside a chunk", Chunked("29\r\nGET /smuggled HTTP/1.1\r\nHost: a.ex\r\n\r\nxyz\r\n0\r\n\r\n")).Forwards("POST /", "GET /smuggled HTTP/1.1\r\nHost: a.ex\r\n\r\nxyz", chunked: true),
        Case("a hundred chunks", Chunked($"{string.Concat(Enumerable.Repeat("1\r\nx\r\n", 100))}0\r\n\r\n")).Forwards("POST /", new string('x', 100), chunked: true),

        // Trailers are dropped, and never merged into the head (RFC 9110 §6.5.1).
        .. Each(
            "trailer",
            ["X-T: 1", "Content-Length: 3", "Transfer-Encoding: gzip", "Host: b.example", "Authorization: Basic eA==", "Content-Type: text/x", "X-Forwarded-For: 6.6.6.6", "Cookie: a=b", "Expect: 100-continue", "Connection: close", "X-T: 1\r\nX-U: 2", "X-Kept: 3"],
            static trailer => Chunked($"5\r\nhello\r\n0\r\n{trailer}\r\n\r\n", "X-Kept: 1\r\nTrailer: X-T\r\n"),
            static request => request.Forwards("POST /", "hello", chunked: true, with: ["X-Kept: 1"], without: ["X-T", "X-U", "Authorization", "Cookie", "Content-Type"])),
        .. Each("bad trailer", ["X T: 1", "X-T", ": 1", "X-T : 1", "X-T: a\rb", "X-T: 1\r\n 2", " X-T: 1", "X-T: 1\nX-U: 2"], static trailer => Chunked($"5\r\nhello\r\n0\r\n{trailer}\r\n\r\n"), static request => request.BreaksOff()),
    ];
}
