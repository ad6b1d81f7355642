namespace GatewayKit.WireTests.Responses;

/// <summary>
/// The corpus. Verdicts are those of RFC 9110 and RFC 9112; where these leave a choice, the comment says which one is taken.
/// </summary>
internal static class HostileAnswers
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";
    private const string Chunked = Ok + "Transfer-Encoding: chunked\r\n\r\n";

    public static IReadOnlyList<HostileAnswer> All { get; } =
    [
        .. NotHttp(), .. StatusLines(), .. Interim(), .. Lengths(), .. Codings(), .. Chunks(), .. Bodies(), .. Unwanted(), .. Names(), .. Values(), .. Heads(),
        .. Passed(),
    ];

    private static HostileAnswer Refused(string name, string bytes, Then then = Then.StaysOpen) => new(name, bytes, then) { Codes = ["upstream-protocol"] };

    // A connection that ends inside a head is a reset, or no HTTP, by what has been seen of it.
    private static HostileAnswer RefusedAtItsEnd(string name, string bytes) => new(name, bytes, Then.Closes) { Codes = ["upstream-protocol", "upstream-reset"] };

    private static HostileAnswer Broken(string name, string bytes, Then then = Then.StaysOpen) =>
        new(name, bytes, then) { Codes = ["upstream-protocol", "upstream-reset"], MayBeCut = true };

    private static HostileAnswer Whole(string name, string bytes, int status, string body, Then then = Then.StaysOpen) => new(name, bytes, then) { Status = status, Body = body };

    private static HostileAnswer[] NotHttp() =>
    [
        Refused("garbage", "garbage\r\n\r\n"),
        RefusedAtItsEnd("a body without a head, as in HTTP/0.9", "<html>hello</html>\n"),
        RefusedAtItsEnd("a TLS alert", "\u0015\u0003\u0003\0\u0002\u0002\u0046\u0015"),
        RefusedAtItsEnd("a TLS ServerHello", "\u0016\u0003\u0003\0\u004a\u0002\0\0\u0046\u0003\u0003" + new string('x', 64)),
        RefusedAtItsEnd("HTTP/2 SETTINGS", "\0\0\u0012\u0004\0\0\0\0\0\0\u0003\0\0\0d\0\u0004\0\u0010\0\0\0\u0006\0\u0010\0\0"),
        RefusedAtItsEnd("an SSH banner", "SSH-2.0-OpenSSH_9.6\r\n"),
        RefusedAtItsEnd("an SMTP greeting", "220 mail.example ESMTP\r\n"),
        RefusedAtItsEnd("a Redis error", "-ERR unknown command\r\n"),
        Refused("a shoutcast server", "ICY 200 OK\r\n\r\n"),
        RefusedAtItsEnd("zeros", new string('\0', 100)),
        Refused("empty lines only", "\r\n\r\n\r\n\r\n"),
    ];

    private static HostileAnswer[] StatusLines() =>
    [
        Refused("protocol in lower case", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Refused("HTTP/2.0 as text", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Refused("HTTP/0.9 as text", "HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Refused("version of two digits", "HTTP/1.10 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Refused("version without a dot", "HTTP/11 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Refused("tab after the version", "HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n"),
        Refused("two spaces after the version", "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n"),
        Refused("space in front", " HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Refused("empty line in front", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Refused("byte order mark in front", "\u00ef\u00bb\u00bfHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Refused("no status", "HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"),
        Refused("nothing after the version", "HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
        Refused("status 0", "HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n") with { IsReusable = true },
        Refused("status 099", "HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n") with { IsReusable = true },
        Refused("status of two digits", "HTTP/1.1 99 No\r\nContent-Length: 0\r\n\r\n"),
        Refused("status of four digits", "HTTP/1.1 2000 No\r\nContent-Length: 0\r\n\r\n"),
        Refused("status 600", "HTTP/1.1 600 No\r\nContent-Length: 0\r\n\r\n") with { IsReusable = true },
        Refused("status 999", "HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n") with { IsReusable = true },
        Refused("status with a letter", "HTTP/1.1 2O0 No\r\nContent-Length: 0\r\n\r\n"),
        Refused("status with a sign", "HTTP/1.1 +20 No\r\nContent-Length: 0\r\n\r\n"),
        Refused("negative status", "HTTP/1.1 -20 No\r\nContent-Length: 0\r\n\r\n"),
        Refused("status glued to its phrase", "HTTP/1.1 200OK\r\nContent-Length: 0\r\n\r\n"),

        // The phrase never passes, so nothing in it can.
        Whole("phrase that looks like a field", "HTTP/1.1 200 X-Injected: yes\r\nContent-Length: 2\r\n\r\nok", 200, "ok") with { Absent = ["X-Injected"], IsReusable = true },
        Whole("no phrase and no space before it", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 200, "ok") with { IsReusable = true },
    ];

    private static HostileAnswer[] Interim() =>
    [
        Refused("101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
        Refused("101 and then an answer", "HTTP/1.1 101 Switching Protocols\r\n\r\n" + Ok + "Content-Length: 2\r\n\r\nok"),
        Whole("100 that nobody asked for", "HTTP/1.1 100 Continue\r\n\r\n" + Ok + "Content-Length: 2\r\n\r\nok", 200, "ok") with { IsReusable = true },
        Whole("102 and 103", "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + Ok + "Content-Length: 2\r\n\r\nok", 200, "ok")
            with { Absent = ["Link"], IsReusable = true },
        Whole("unknown interim status", "HTTP/1.1 199 What\r\nX-A: 1\r\n\r\n" + Ok + "Content-Length: 2\r\n\r\nok", 200, "ok") with { Absent = ["X-A"], IsReusable = true },

        // RFC 9110 §15.2: an interim answer has no content, whatever it says of its length.
        Whole("103 with a length", "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n" + Ok + "Content-Length: 2\r\n\r\nok", 200, "ok") with { IsReusable = true },
        RefusedAtItsEnd("interim answers and no other", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"),
        Refused("garbage after an interim answer", "HTTP/1.1 100 Continue\r\n\r\ngarbage\r\n\r\n"),
        Whole("fifty interim answers", string.Concat(Enumerable.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 50)) + Ok + "Content-Length: 2\r\n\r\nok", 200, "ok")
            with { Absent = ["Link"], IsReusable = true },
    ];

    // RFC 9112 §6.3: a proxy that reads an invalid length closes the connection and answers 502.
    private static HostileAnswer[] Lengths() =>
    [
        .. new (string Name, string Value)[]
        {
            ("with a plus", "+2"), ("negative", "-2"), ("negative zero", "-0"), ("hexadecimal", "0x2"), ("in two parts", "2 2"), ("empty", string.Empty), ("with a letter", "2a"),
            ("with a fraction", "2.0"), ("over 64 bits", "18446744073709551618"), ("of a hundred digits", new string('9', 100)), ("of two values", "2, 3"), ("quoted", "\"2\""),
            ("with a parameter", "2;a=b"),

            // Might be read as one (MAY); one reading is better than two.
            ("of one value twice", "2, 2"),
        }.Select(static length => Refused($"length {length.Name}", $"{Ok}Content-Length: {length.Value}\r\n\r\nok", Then.Closes)),
        Refused("two lengths", Ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!"),
        Refused("length and chunked", Ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        Refused("chunked and length", Ok + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        Whole("length with space around it", Ok + "Content-Length: \t 2 \t\r\n\r\nok", 200, "ok") with { IsReusable = true },
        Whole("length with zeros in front", Ok + "Content-Length: 0000000002\r\n\r\nok", 200, "ok") with { Present = ["Content-Length: 2"], IsReusable = true },
    ];

    // RFC 9112 §6.1: a coding that is not understood makes the framing faulty; a coding that was, is gone with the field, and so must be undone.
    private static HostileAnswer[] Codings() =>
    [
        .. new[] { "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "gzip", "xchunked", "chunkedx", "chunked;a=b", "\"chunked\"", "\u000bchunked", string.Empty }
            .Select(static coding => Refused($"coding '{coding.Replace("\u000b", "<VT>", StringComparison.Ordinal)}'", $"{Ok}Transfer-Encoding: {coding}\r\n\r\n2\r\nok\r\n0\r\n\r\n", Then.Closes)),
        Refused("coding in two lines", Ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", Then.Closes),
        Refused("coding of HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", Then.Closes),
        Whole("coding in capitals", Ok + "Transfer-Encoding: CHUNKED\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, "ok") with { IsReusable = true },

        // RFC 9110 §5.6.1: empty elements of a list are none.
        Whole("coding behind a comma", Ok + "Transfer-Encoding: , chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, "ok") with { IsReusable = true },
        Whole("coding before a comma", Ok + "Transfer-Encoding: chunked,\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, "ok") with { IsReusable = true },
        Whole("coding with a tab in front", Ok + "Transfer-Encoding:\tchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, "ok") with { IsReusable = true },
    ];

    private static HostileAnswer[] Chunks() =>
    [
        .. new (string Name, string Chunks)[]
        {
            ("of no number", "zz\r\nok\r\n0\r\n\r\n"), ("negative", "-2\r\nok\r\n0\r\n\r\n"), ("with a plus", "+2\r\nok\r\n0\r\n\r\n"), ("hexadecimal with a prefix", "0x2\r\nok\r\n0\r\n\r\n"),
            ("empty", "\r\nok\r\n0\r\n\r\n"), ("after a space", " 2\r\nok\r\n0\r\n\r\n"), ("over 64 bits", "10000000000000002\r\nok\r\n0\r\n\r\n"), ("of sixteen f", "ffffffffffffffff\r\nok\r\n0\r\n\r\n"),
            ("smaller than its data", "1\r\nok\r\n0\r\n\r\n"), ("with a NUL", "2\0\r\nok\r\n0\r\n\r\n"), ("in two lines", "2;a\nb\r\nok\r\n0\r\n\r\n"), ("with a bad second one", "2\r\nok\r\nzz\r\n"),
            ("without the end of its data", "2\r\nok0\r\n\r\n"),
        }.Select(static chunk => Broken($"chunk size {chunk.Name}", Chunked + chunk.Chunks, Then.Closes)),
        Broken("chunk larger than its data", Chunked + "5\r\nok\r\n0\r\n\r\n", Then.Closes),
        Broken("end inside a chunk size", Chunked + "2", Then.Closes),
        Broken("end behind a chunk size", Chunked + "2\r\n", Then.Closes),
        Broken("end inside a chunk", Chunked + "5\r\nok", Then.Closes),
        Broken("end behind a chunk", Chunked + "2\r\nok\r\n", Then.Closes),
        Broken("end inside the last chunk", Chunked + "2\r\nok\r\n0\r\n", Then.Closes),
        Broken("end inside the trailers", Chunked + "2\r\nok\r\n0\r\nX-Sum: 1\r\n", Then.Closes),
        Broken("reset inside a chunk", Chunked + "5\r\nok", Then.Resets),
        Broken("reset behind a chunk", Chunked + "2\r\nok\r\n", Then.Resets),
        Broken("trailer that is no field", Chunked + "2\r\nok\r\n0\r\ngarbage\r\n\r\n"),
        Broken("trailer with a space in its name", Chunked + "2\r\nok\r\n0\r\nX Sum: 1\r\n\r\n"),
        Broken("trailer without a name", Chunked + "2\r\nok\r\n0\r\n: 1\r\n\r\n"),
    ];

    private static HostileAnswer[] Bodies() =>
    [
        Broken("body shorter than its length", Ok + "Content-Length: 10\r\n\r\nhalf", Then.Closes),
        Broken("body of nothing with a length", Ok + "Content-Length: 10\r\n\r\n", Then.Closes),
        Broken("reset in the body", Ok + "Content-Length: 10\r\n\r\nhalf", Then.Resets),
        Broken("reset in a body up to the close", Ok + "\r\nhalf", Then.Resets),
        Broken("body of 64 KiB less one byte", Ok + "Content-Length: 65536\r\n\r\n" + new string('x', 65_535), Then.Closes),
        Broken("event stream that is reset", Ok + "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nb\r\ndata: one\n\n\r\n", Then.Resets),
        Whole("bytes behind the body", Ok + "Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 200, "ok"),
        Whole("bytes behind an empty body", Ok + "Content-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 200, string.Empty),
        Whole("bytes behind the last chunk", Chunked + "2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 200, "ok"),
        Whole("body up to the close", Ok + "\r\nold style", 200, "old style", Then.Closes),
        Whole("body of HTTP/1.0 up to the close", "HTTP/1.0 200 OK\r\n\r\nold style", 200, "old style", Then.Closes),
        Whole("gzip that is cut passes as it is", Ok + "Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\n\u001f\u008b\u0008\0\0\0\0\0\0\u0003\u00cb\u0048", 200, "\u001f\u008b\u0008\0\0\0\0\0\0\u0003\u00cb\u0048")
            with { Present = ["Content-Encoding: gzip"], IsReusable = true },
        Whole("gzip that is none passes as it is", Ok + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok", 200, "ok") with { Present = ["Content-Encoding: gzip"], IsReusable = true },
    ];

    // RFC 9110 §6.4.1: these have no content. What comes all the same belongs to nobody.
    private static HostileAnswer[] Unwanted() =>
    [
        Whole("204 with a body", "HTTP/1.1 204 No Content\r\n\r\nevil", 204, string.Empty),
        Whole("204 with a length and a body", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil", 204, string.Empty) with { Absent = ["Content-Length"] },
        Whole("204 with chunks", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n", 204, string.Empty) with { Absent = ["Transfer-Encoding"] },
        Whole("204 and one more answer", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 204, string.Empty),
        Whole("205 with a body", "HTTP/1.1 205 Reset Content\r\nContent-Length: 4\r\n\r\nevil", 205, string.Empty) with { IsReusable = true },
        Whole("205 with chunks", "HTTP/1.1 205 Reset Content\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n", 205, string.Empty) with { IsReusable = true },
        Whole("304 with a body", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\nevil", 304, string.Empty) with { Present = ["ETag: \"a\""] },
        Whole("304 with a length and a body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil", 304, string.Empty),
        Whole("HEAD with a body", Ok + "Content-Length: 4\r\n\r\nevil", 200, string.Empty) with { Method = "HEAD", Present = ["Content-Length: 4"] },
        Whole("HEAD with chunks", Chunked + "4\r\nevil\r\n0\r\n\r\n", 200, string.Empty) with { Method = "HEAD" },
        Whole("HEAD and one more answer", Ok + "Content-Length: 4\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 200, string.Empty) with { Method = "HEAD", Present = ["Content-Length: 4"] },
        Refused("HEAD with two lengths", Ok + "Content-Length: 4\r\nContent-Length: 5\r\n\r\n") with { Method = "HEAD", IsReusable = true },
    ];

    private static HostileAnswer[] Names() =>
    [
        .. new (string Name, string Line)[]
        {
            ("with a space", "X A: 1"), ("that is empty", ": 1"), ("with a NUL", "X\0A: 1"), ("with a control character", "X\u0001A: 1"), ("that is not ASCII", "X\u00e9: 1"),
            ("with a bracket", "X(A): 1"), ("with a bare CR", "X\rA: 1"), ("without a colon", "garbage"), ("with a slash", "X/A: 1"), ("with quotes", "\"X\": 1"),
        }.Select(static field => Refused($"field name {field.Name}", $"{Ok}{field.Line}\r\nContent-Length: 2\r\n\r\nok")),

        // RFC 9112 §2.2: reject, or drop such lines.
        Refused("first field behind a space", Ok + " X-A: 1\r\nContent-Length: 2\r\n\r\nok"),
    ];

    private static HostileAnswer[] Values() =>
    [
        .. new (string Name, string Value)[]
        {
            ("a control character", "a\u0001b"), ("an escape", "\u001b[31m"), ("a delete", "a\u007fb"),
            ("a vertical tab", "a\u000bb"),
        }.Select(static value => Refused($"field value with {value.Name}", $"{Ok}X-A: {value.Value}\r\nContent-Length: 2\r\n\r\nok")),

        // RFC 9110 §5.5: refused, or replaced by a space. The handler replaces.
        Whole("field value with a NUL", Ok + "X-A: a\0b\r\nContent-Length: 2\r\n\r\nok", 200, "ok") with { Present = ["X-A: a b"], IsReusable = true },
        Whole("field value with a bare CR", Ok + "X-A: a\rX-Injected: b\r\nContent-Length: 2\r\n\r\nok", 200, "ok")
            with { Present = ["X-A: a X-Injected: b"], Absent = ["X-Injected"], IsReusable = true },
    ];

    // The head of an answer has 64 KiB.
    private static HostileAnswer[] Heads() =>
    [
        Refused("ten thousand fields", Ok + string.Concat(Enumerable.Range(0, 10_000).Select(static i => $"X-{i}: {i}\r\n")) + "Content-Length: 2\r\n\r\nok"),
        Refused("field of a mebibyte", $"{Ok}X-A: {new string('a', 1_048_576)}\r\nContent-Length: 2\r\n\r\nok"),
        Refused("field name of a mebibyte", $"{Ok}{new string('a', 1_048_576)}: 1\r\nContent-Length: 2\r\n\r\nok"),
        Refused("status line of a mebibyte", $"HTTP/1.1 200 {new string('a', 1_048_576)}\r\nContent-Length: 2\r\n\r\nok"),
        Refused("head a little too large", $"{Ok}X-A: {new string('a', 65_536)}\r\nContent-Length: 2\r\n\r\nok"),
        Whole("head that just fits", $"{Ok}X-A: {new string('a', 65_000)}\r\nContent-Length: 2\r\n\r\nok", 200, "ok") with { IsReusable = true },
        Whole("two thousand fields that fit", Ok + string.Concat(Enumerable.Range(0, 2_000).Select(static i => $"X-{i}: {i}\r\n")) + "Content-Length: 2\r\n\r\nok", 200, "ok")
            with { Present = ["X-1999: 1999"], IsReusable = true },
        RefusedAtItsEnd("end inside the status line", "HTTP/1.1 20"),
        RefusedAtItsEnd("end inside a field", Ok + "Content-Len"),
        RefusedAtItsEnd("end before the empty line", Ok + "Content-Length: 2\r\n"),
        new("reset inside the head", Ok + "Content-Len", Then.Resets) { Codes = ["upstream-reset"] },
    ];

    private static HostileAnswer[] Passed() =>
    [
        Whole("fields that Connection names", Ok + "Connection: X-Secret, x-other\r\nX-Secret: 1\r\nX-OTHER: 2\r\nContent-Length: 2\r\n\r\nok", 200, "ok")
            with { Absent = ["X-Secret", "X-Other", "Connection"], IsReusable = true },
        Whole("Connection that names the length", Ok + "Connection: Content-Length\r\nContent-Length: 2\r\n\r\nok", 200, "ok") with { IsReusable = true },
        Whole("fields of one connection", Ok + "Keep-Alive: timeout=9\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nTrailer: X-Sum\r\nAlt-Svc: h3=\":443\"\r\nContent-Length: 2\r\n\r\nok", 200, "ok")
            with { Absent = ["Keep-Alive", "Proxy-Authenticate", "Upgrade", "Trailer", "Alt-Svc"], IsReusable = true },
        Whole("trailers that name framing", Chunked + "2\r\nok\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\n\r\n", 200, "ok") with { Absent = ["Content-Length"], IsReusable = true },
        Whole("cookie in the trailers", Chunked + "2\r\nok\r\n0\r\nSet-Cookie: a=b\r\nAuthorization: x\r\nLocation: /evil\r\n\r\n", 200, "ok")
            with { Absent = ["Set-Cookie", "Authorization", "Location"], IsReusable = true },
        Whole("redirect is not followed", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 302, string.Empty)
            with { Present = ["Location: http://127.0.0.1:1/"], IsReusable = true },
        Whole("cookies stay apart", Ok + "Set-Cookie: a=1\r\nSet-Cookie: b=2, c\r\nContent-Length: 2\r\n\r\nok", 200, "ok") with { Present = ["Set-Cookie: a=1", "Set-Cookie: b=2, c"], IsReusable = true },
        Whole("500 is the destination's own", "HTTP/1.1 503 No\r\nRetry-After: -1\r\nContent-Length: 2\r\n\r\nno", 503, "no") with { Present = ["Retry-After: -1"], IsReusable = true },

        // RFC 9112 §2.2: a single LF may end a line. The client gets CRLF.
        Whole("lines that end with LF", "HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 2\n\nok", 200, "ok") with { Present = ["X-A: 1"], IsReusable = true },

        // RFC 9112 §5.2: a folded line is refused, or becomes one line with spaces for its ends.
        Whole("folded field", Ok + "X-A: one\r\n two\r\nContent-Length: 2\r\n\r\nok", 200, "ok") with { Present = ["X-A: one   two"], IsReusable = true },

        // RFC 9112 §5.1: space before the colon is removed.
        Whole("space before the colon", Ok + "X-A : 1\r\nContent-Length: 2\r\n\r\nok", 200, "ok") with { Present = ["X-A: 1"], IsReusable = true },
        Whole("coding with a space before the colon", Ok + "Transfer-Encoding : chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, "ok") with { IsReusable = true },
        Whole("chunk with extensions", Chunked + "2;a=b;c=\"d\"\r\nok\r\n0;x\r\n\r\n", 200, "ok") with { IsReusable = true },
        Whole("chunk sizes with space behind", Chunked + "2 \t\r\nok\r\n0 \r\n\r\n", 200, "ok") with { IsReusable = true },
        Whole("chunk lines that end with LF", Chunked + "2\nok\n0\n\n", 200, "ok") with { IsReusable = true },
        Whole("chunk with zeros in front", Chunked + "0000000000000002\r\nok\r\n000\r\n\r\n", 200, "ok") with { IsReusable = true },
    ];
}
