using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>The limits of the server, each at it and one beyond: a request line of 8 KiB, fields of 32 KiB and 100, a body of 30,000,000 bytes.</summary>
internal static class LimitCases
{
    private const int Line = 8_192;
    private const int Fields = 32_768;

    public static IReadOnlyList<RequestCase> All { get; } =
    [
        Case("request line at the limit", Get(Target(Line))).Forwards($"GET {Target(Line)}"),
        Case("request line one beyond", Get(Target(Line + 1))).Rejected(414),
        Case("request line far beyond", Get(Target(Line * 4))).Rejected(414),
        Case("query at the limit", Get("/?" + Target(Line)[2..])).Forwards($"GET /?{Target(Line)[2..]}"),
        Case("query one beyond", Get("/?" + Target(Line + 1)[2..])).Rejected(414),
        Case("request line without an end", new string('a', Line * 2)).Rejected(400, 414),
        Case("method without an end", $"{new string('A', Line)} / HTTP/1.1\r\nHost: a.example\r\n\r\n").Rejected(400, 414),
        Case("ten thousand parameters", Get("/?" + string.Join('&', Enumerable.Repeat("a", 3_900)))).Forwards("GET /?" + string.Join('&', Enumerable.Repeat("a", 3_900))),
        Case("fields at the limit", With(FieldsOf(Fields))).Forwards("GET /"),
        Case("fields one beyond", With(FieldsOf(Fields + 1))).Rejected(431),
        Case("one value at the limit", With($"X-A: {new string('a', Fields - HostLine - 7)}\r\n")).Forwards("GET /"),
        Case("one value one beyond", With($"X-A: {new string('a', Fields - HostLine - 6)}\r\n")).Rejected(431),
        Case("one value of 64 KiB", With($"X-A: {new string('a', 65_536)}\r\n")).Rejected(431),
        Case("one name of 33 KiB", With($"{new string('a', 33_000)}: 1\r\n")).Rejected(431),
        Case("a hundred fields", With(Many(99))).Forwards("GET /", with: ["X-98: 1"]),
        Case("a hundred and one fields", With(Many(100))).Rejected(431),
        Case("a hundred lines of one field", With(string.Concat(Enumerable.Repeat("X-A: 1\r\n", 99)))).Forwards("GET /"),
        Case("a hundred and one lines of one field", With(string.Concat(Enumerable.Repeat("X-A: 1\r\n", 100)))).Rejected(431),
        Case("body one beyond, by its length", Post("Content-Length: 30000001\r\n", "hello")).BreaksOff(413, "body-too-large"),
        Case("length of a whole disk", Post("Content-Length: 9223372036854775807\r\n", "hello")).BreaksOff(413, "body-too-large"),
        Case("chunk that never comes", Chunked("1C9C381\r\nhello")).BreaksOff().Silent().Ends(),
        Case("trailers beyond the fields", Chunked($"5\r\nhello\r\n0\r\nX-T: {new string('a', Fields)}\r\n\r\n")).BreaksOff(431),
        Case("a hundred and one trailers", Chunked($"5\r\nhello\r\n0\r\n{Many(101)}\r\n")).BreaksOff(431),
    ];

    private static int HostLine => "Host: a.example\r\n".Length;

    // "GET ", " HTTP/1.1" and CRLF are part of the line.
    private static string Target(int line) => "/" + new string('a', line - "GET / HTTP/1.1\r\n".Length);

    private static string FieldsOf(int bytes)
    {
        var one = $"X-A: {new string('a', 400)}\r\n";
        var lines = string.Concat(Enumerable.Repeat(one, (bytes - HostLine - 100) / one.Length));
        return $"{lines}X-B: {new string('b', bytes - HostLine - lines.Length - 7)}\r\n";
    }

    private static string Many(int count) => string.Concat(Enumerable.Range(0, count).Select(static i => $"X-{i}: 1\r\n"));
}
