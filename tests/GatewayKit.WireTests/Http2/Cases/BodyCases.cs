using static GatewayKit.WireTests.Http2.ErrorCode;
using static GatewayKit.WireTests.Http2.Expected;

namespace GatewayKit.WireTests.Http2.Cases;

/// <summary>Content and its length (RFC 9113 §8.1).</summary>
internal static class BodyCases
{
    private const string Target = "/case";

    public static IEnumerable<FrameCase> All { get; } =
    [
        new("upload with a length", Post("5") + Data("hello", end: true), new Forwarded("POST", Target, "hello") { With = ["Content-Length: 5"], Without = ["Transfer-Encoding"] }),
        new("upload without a length", Post() + Data("hel") + Data("lo", end: true), new Forwarded("POST", Target, "hello") { With = ["Transfer-Encoding: chunked"], Without = ["Content-Length"] }),
        new("upload in padded frames", Post("5") + Frames.Raw(FrameType.Data, Frames.Padded | Frames.EndStream, FrameCase.Stream, "\x03hello\0\0\0"), new Forwarded("POST", Target, "hello")),
        new("upload that ends in an empty frame", Post("5") + Data("hello") + Data("", end: true), new Forwarded("POST", Target, "hello")),
        new("upload with trailers", Post() + Data("hello") + Frames.Headers(FrameCase.Stream, Hpack.Field("x-sum", "1"), end: true), new Forwarded("POST", Target, "hello") { Without = ["x-sum", "Trailer"] }),
        new("length of nothing", Frames.Headers(FrameCase.Stream, Http2Client.Post(Target, ("content-length", "0")), end: true), new Forwarded("POST", Target) { With = ["Content-Length: 0"] }),

        new("less data than the length", Post("6") + Data("hello", end: true), new StreamError(ProtocolError)) { MayBreakOff = true },
        new("more data than the length", Post("4") + Data("hello", end: true), new StreamError(ProtocolError)) { MayBreakOff = true },
        new("length and no data", Frames.Headers(FrameCase.Stream, Http2Client.Post(Target, ("content-length", "5")), end: true), new StreamError(ProtocolError)) { MayBreakOff = true },
        new("length that lies about a second request", Post("3") + Data("abcGET /evil HTTP/1.1\r\nHost: x\r\n\r\n", end: true), new StreamError(ProtocolError)) { MayBreakOff = true },
        new("two equal lengths", Post("5", "5") + Data("hello", end: true), new ConnectionError(ProtocolError)),
        new("two lengths", Post("5", "6") + Data("hello", end: true), new ConnectionError(ProtocolError)),
        new("list of lengths", Post("5, 5") + Data("hello", end: true), new ConnectionError(ProtocolError)),
        new("length with a sign", Post("+5") + Data("hello", end: true), new Forwarded("POST", Target, "hello") { With = ["Content-Length: 5"] })
        {
            Leniency = "Kestrel reads a length with a sign (RFC 9110 §8.6). It goes on as plain digits, and the data is counted against it.",
        },
        new("length that is no number", Post("0x5") + Data("hello", end: true), new ConnectionError(ProtocolError)),
        new("length beyond 64 bits", Post("99999999999999999999") + Data("hello", end: true), new ConnectionError(ProtocolError)),
        new("length below zero", Post("-1") + Data("hello", end: true), new ConnectionError(ProtocolError)),

        new("trailers that do not end the stream", Post() + Data("hello") + Frames.Headers(FrameCase.Stream, Hpack.Field("x-sum", "1")), new ConnectionError(ProtocolError)) { MayBreakOff = true },
        new("trailers with a pseudo field", Post() + Data("hello") + Frames.Headers(FrameCase.Stream, Hpack.Field(":path", "/evil"), end: true), new ConnectionError(ProtocolError)) { MayBreakOff = true },
        new("trailers that reframe", Post() + Data("hello") + Frames.Headers(FrameCase.Stream, Hpack.Field("content-length", "5"), end: true), new Forwarded("POST", Target, "hello") { With = ["Transfer-Encoding: chunked"], Without = ["Content-Length"] }),
        new("trailers with a name in upper case", Post() + Data("hello") + Frames.Headers(FrameCase.Stream, Hpack.Field("X-Sum", "1"), end: true), new ConnectionError(ProtocolError)) { MayBreakOff = true },
        new("trailers with an authorization", Post() + Data("hello") + Frames.Headers(FrameCase.Stream, Hpack.Field("authorization", "Bearer x"), end: true), new Forwarded("POST", Target, "hello") { Without = ["Authorization"] }),
    ];

    private static string Post(params string[] lengths) =>
        Frames.Headers(FrameCase.Stream, Http2Client.Post(Target, [.. lengths.Select(static length => ("content-length", length))]));

    private static string Data(string data, bool end = false) => Frames.Data(FrameCase.Stream, data, end);
}
