using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>
/// Where the server of a runtime answers otherwise than the rules, and nothing of ours can see it: pinned as it is, so that a change shows.
/// </summary>
/// <param name="Rule">What RFC 9112 or RFC 9110 asks for.</param>
/// <param name="Server">What the server does instead.</param>
/// <param name="Gateway">What the gateway does about it.</param>
/// <param name="Cases">The bytes.</param>
internal sealed record ServerLeniency(string Rule, string Server, string Gateway, IReadOnlyList<RequestCase> Cases);

/// <summary>The known leniencies, by the major version of the runtime. A new runtime needs a new table.</summary>
internal static class ServerCases
{
    public static IReadOnlyList<ServerLeniency> Table { get; } = Environment.Version.Major switch
    {
        10 => OfKestrel10(),
        var other => throw new NotSupportedException($"Nobody has looked at the leniencies of .NET {other} yet."),
    };

    public static IReadOnlyList<RequestCase> All { get; } = [.. Table.SelectMany(static row => row.Cases)];

    private static ServerLeniency[] OfKestrel10() =>
    [
        new(
            "A length is digits (RFC 9110 §8.6).",
            "Takes a sign in front.",
            "Writes the length anew, as digits.",
            [
                Case("length +5", Post("Content-Length: +5\r\n", "hello")).Forwards("POST /", "hello"),
                .. Each("length", ["+0", "-0", "-00"], static length => Post($"Content-Length: {length}\r\n", string.Empty), static request => request.Forwards("POST /", string.Empty)),
            ]),
        new(
            "At least one empty line before a request is ignored, a bare LF is no line end (RFC 9112 §2.2).",
            "Ignores any number of CR and LF there, also with strict line endings.",
            "Nothing of them is passed on.",
            [
                .. Each("first", ["\r\n", "\n", "\r\n\r\n", "\n\n\r\n"], static start => start + Get("/"), static request => request.Forwards("GET /")),
                Case("a thousand empty lines first", string.Concat(Enumerable.Repeat("\r\n", 1_000)) + Get("/")).Forwards("GET /"),
            ]),
        new(
            "One space before the version (RFC 9112 §3).",
            "Takes several.",
            "Writes the request line anew.",
            [.. Each("before the version", ["  ", "   "], static spaces => Line($"GET /{spaces}HTTP/1.1"), static request => request.Forwards("GET /"))]),
        new(
            "An extension of a chunk is tokens and quoted strings (RFC 9112 §7.1.1).",
            "Takes control bytes but CR and LF, and any length up to the limit of its input buffer.",
            "Writes chunks of its own, without extensions.",
            [
                .. Each("extension", ["\0", "a\0b", "a=\u0001", "\u007f", "a=\"\u000b\""], static extension => Chunked($"5;{extension}\r\nhello\r\n0\r\n\r\n"), static request => request.Forwards("POST /", "hello", chunked: true)),
                Case("extension of 64 KiB", Chunked($"5;{new string('a', 65_536)}\r\nhello\r\n0\r\n\r\n")).Forwards("POST /", "hello", chunked: true),
            ]),
        new(
            "Every field that Connection names is dropped (RFC 9110 §7.6.1).",
            "Replaces a line with exactly one of close, keep-alive and upgrade by that word; the names beside it are lost.",
            "Cannot drop what it cannot see: those fields pass. Its own are written last, so none of them can be removed.",
            [
                Case("name beside keep-alive", With("Connection: keep-alive, X-A\r\nX-A: 1\r\n")).Forwards("GET /", with: ["X-A: 1"]),
                Case("name beside close", With("Connection: close, X-A\r\nX-A: 1\r\n")).Forwards("GET /", with: ["X-A: 1"]).Closes(),
                Case("protected name beside close", With("Connection: close, X-Forwarded-For, Cookie\r\nCookie: a=b\r\n")).Forwards("GET /", with: ["Cookie: a=b"]).Closes(),
            ]),
        new(
            "NUL in a value is refused (RFC 9110 §5.5).",
            "Throws what is no error of the client for one in a trailer, and logs an error when it drains what is left.",
            "Answers 400 all the same.",
            [Case("NUL in a trailer", Chunked("5\r\nhello\r\n0\r\nX-T: a\0b\r\n\r\n")).BreaksOff() with { LogsError = true }]),
        new(
            "A scheme knows no case (RFC 3986 §6.2.2.1).",
            "Compares that of an absolute form by case: stricter than it need be.",
            "Nothing: a client that means it can say it alike.",
            [
                Case("scheme in upper case", Get("HTTP://a.example/b")).Refuses(),
            ]),
    ];
}
