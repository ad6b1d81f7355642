using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>Where a body ends by <c>Content-Length</c> (RFC 9112 §6.2, §6.3), alone and against a coding.</summary>
internal static class LengthCases
{
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n";

    public static IReadOnlyList<RequestCase> All { get; } =
    [
        Case("body", Post("Content-Length: 5\r\n", "hello")).Forwards("POST /", "hello"),
        Case("zero", Post("Content-Length: 0\r\n", string.Empty)).Forwards("POST /", string.Empty),
        Case("none", Post(string.Empty, string.Empty)).Forwards("POST /"),
        Case("space around", Post("Content-Length: \t 5 \r\n", "hello")).Forwards("POST /", "hello"),
        Case("name in another case", Post("cOnTeNt-LeNgTh: 5\r\n", "hello")).Forwards("POST /", "hello"),
        Case("leading zeros", Post("Content-Length: 0005\r\n", "hello")).Forwards("POST /", "hello"),
        Case("binary body", Post("Content-Length: 8\r\n", "\0\r\n\r\n\u00ff\u0080\n")).Forwards("POST /", "\0\r\n\r\n\u00ff\u0080\n"),
        Case("body larger than a segment", Post("Content-Length: 40000\r\n", new string('b', 40_000))).Forwards("POST /", new string('b', 40_000)),
        .. Each("body that looks like a request", ["GET", "HEAD", "OPTIONS", "DELETE", "POST"], static method => $"{method} / HTTP/1.1\r\nHost: a.example\r\nContent-Length: {Smuggled.Length}\r\n\r\n{Smuggled}", static request => request.Forwards($"{request.Bytes.Split(' ')[0]} /", Smuggled)),
        .. Each(
            "bad length",
            ["-5", "0x5", "5_0", "", " ", "5 5", "5,", ",5", "5, 5", "5, 6", "5;", "5.0", "5e0", "five", "99999999999999999999", "18446744073709551621", "9223372036854775808", "\"5\"", "5\u00a0", "\u00b2", "5\0", "+", "-", "1,000", "0b101", "5\t5", "\u000b5"],
            static length => Post($"Content-Length: {length}\r\n", "hello"),
            static request => request.Rejected(400)),
        Case("twice alike", Post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")).Rejected(400),
        Case("twice, short first", Post("Content-Length: 0\r\nContent-Length: 44\r\n", Smuggled)).Rejected(400),
        Case("twice, long first", Post("Content-Length: 44\r\nX-A: 1\r\ncontent-length: 0\r\n", Smuggled)).Rejected(400),
        Case("space before the colon", Post("Content-Length : 5\r\n", "hello")).Rejected(400),
        Case("folded", Post("Content-Length:\r\n 5\r\n", "hello")).Rejected(400),
        Case("folded after a zero", Post("Content-Length: 0\r\n 5\r\n", "hello")).Rejected(400),
        Case("bytes beyond it are the next request", Post("Content-Length: 5\r\n", $"hello{Smuggled}")).Forwards("POST /", "hello").Forwards("GET /smuggled"),
        Case("bytes beyond it that are no request", Post("Content-Length: 5\r\n", "hello!!\r\n\r\n")).Forwards("POST /", "hello").Rejected(400),
        Case("fewer bytes than promised", Post("Content-Length: 10\r\n", "hello")).BreaksOff().Silent().Ends(),
        Case("no byte of what was promised", Post("Content-Length: 10\r\n", string.Empty)).BreaksOff().Silent().Ends(),
        Case("one byte fewer than promised", Post("Content-Length: 6\r\n", "hello")).BreaksOff().Silent().Ends(),

        // The server has taken the coding and put the length elsewhere; whoever stands before it may have done the opposite.
        Case("CL.TE", Post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nX")).Refused(400, "ambiguous-framing").Closes(),
        Case("TE.CL", Post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "1e\r\nGPOST / HTTP/1.1\r\nHost: a.ex\r\n0\r\n\r\n")).Refused(400, "ambiguous-framing").Closes(),
        Case("CL.TE with a whole request behind", Post("Content-Length: 49\r\nTransfer-Encoding: chunked\r\n", $"0\r\n\r\n{Smuggled}")).Refused(400, "ambiguous-framing").Closes(),
        Case("TE.CL that agree", Post("Transfer-Encoding: chunked\r\nContent-Length: 15\r\n", "5\r\nhello\r\n0\r\n\r\n")).Refused(400, "ambiguous-framing").Closes(),
        Case("CL.TE of a GET", $"GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Smuggled}").Refused(400, "ambiguous-framing").Closes(),
        Case("CL.TE of zero", Post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")).Refused(400, "ambiguous-framing").Closes(),
        Case("CL.TE in other cases", Post("CONTENT-LENGTH: 6\r\ntransfer-encoding: CHUNKED\r\n", "0\r\n\r\nX")).Refused(400, "ambiguous-framing").Closes(),
        Case("CL.TE with names between", Post("Content-Length: 6\r\nX-A: 1\r\nX-B: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nX")).Refused(400, "ambiguous-framing").Closes(),
        Case("CL.TE that the client would have hidden", Post("Connection: X-Content-Length\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nX")).Refused(400, "*").Closes(),
        Case("CL.CL.TE", Post("Content-Length: 5\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")).Rejected(400),
        Case("bad CL beside TE", Post("Content-Length: x\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")).Rejected(400),
        Case("X-Content-Length is nobody's length", Post("X-Content-Length: 9\r\nContent-Length: 5\r\n", "hello")).Forwards("POST /", "hello"),
    ];
}
