using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>Names and values of fields (RFC 9110 §5), and fields in which a client says what only a gateway may say.</summary>
internal static class FieldCases
{
    public static IReadOnlyList<RequestCase> All { get; } =
    [
        // Names.
        .. Each("name", ["X", "x-lower", "my_header", "a.b", "A!#$%&'*+-.^_`|~9", "1", "X-Content-Type-Options"], static name => With($"{name}: 1\r\n"), static request => request.Forwards("GET /", with: [request.Bytes.Split("\r\n")[2]])),
        .. Each("bad name", ["A[b]", "A{b}", "A(b)", "A/b", "A@b", "A\"b", "A;b", "A,b", "A=b", "A<b", "A?b", "A\\b"], static name => With($"{name}: 1\r\n"), static request => request.Refuses()),
        .. Each("bad name", ["", "A b", "A ", " A", "\tA", "A\t", "\u00c4", "A\0", "A\u0001", "A\u007f", "A\u00a0"], static name => With($"{name}: 1\r\n"), static request => request.Refuses()),
        Case("line without a colon", With("X-A\r\n")).Rejected(400),
        Case("line of a colon", With(":\r\n")).Rejected(400),
        Case("space before the first field", "GET / HTTP/1.1\r\n Host: a.example\r\n\r\n").Rejected(400),
        Case("fold", With("X-A: 1\r\n 2\r\n")).Rejected(400),
        Case("fold with a tab", With("X-A: 1\r\n\t2\r\n")).Rejected(400),
        Case("fold of nothing", With("X-A: 1\r\n \r\n")).Rejected(400),

        // A reader that takes `_` and `.` for a hyphen would merge them with the real ones (CVE-2026-39858).
        .. Each(
            "folds to a protected name",
            [
                "X_Forwarded_For", "X-Forwarded_For", "x.forwarded.for", "X_Forwarded-Proto", "X.Forwarded.Host", "X_Real_IP", "X.Real.IP", "Content_Length", "content.length", "Content_Type", "Transfer_Encoding", "Transfer.Encoding",
                "Client_Cert", "Remote_User", "X_Original_URL", "Proxy_Authorization", "Keep_Alive",
            ],
            static name => With($"{name}: 1\r\n"),
            static request => request.Refused(400, "header-name")),

        // Who asks, from where and for what: said by the gateway, or not at all.
        .. Each(
            "claim of an identity",
            [
                "X-Forwarded-For: 6.6.6.6", "x-forwarded-for: 6.6.6.6, 127.0.0.1", "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7", "X-Forwarded-For: unknown", "X-Forwarded-For: [::1]:80", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil",
                "X-Forwarded-Prefix: /evil", "X-Forwarded-Port: 99", "X-Forwarded-Ssl: on", "X-Forwarded-Scheme: https", "X-Forwarded-Server: x", "X-Forwarded-User: admin", "X-Forwarded-Anything: 1", "X-Forwarded-Client-Cert: Hash=1",
                "Forwarded: for=6.6.6.6;proto=https", "Forwarded: for=\"[2001:db8::1]:4711\"", "X-Real-IP: 6.6.6.6", "X-Client-IP: 6.6.6.6", "True-Client-IP: 6.6.6.6", "X-Cluster-Client-IP: 6.6.6.6", "X-Original-For: 6.6.6.6",
                "X-Original-Host: evil", "X-Original-Proto: https", "X-Original-URL: /admin", "X-Rewrite-URL: /admin", "Client-Cert: :AA==:", "Client-Cert-Chain: :AA==:", "X-Client-Cert: x", "X-SSL-Client-Cert: x", "X-SSL-Client-Verify: SUCCESS",
                "X-SSL-Client-S-DN: CN=admin", "SSL-Client-Cert: x", "X-Remote-User: admin", "Remote-User: admin", "X-Authenticated-User: admin", "X-HTTP-Method-Override: DELETE", "X-Content-Length: 5",
            ],
            static line => With($"X-A: 1\r\n{line}\r\nX-B: 2\r\n"),
            static request => request.Forwards("GET /", with: ["X-A: 1", "X-B: 2"], without: Claimed(request))),
        Case("a thousand hops", With($"X-Forwarded-For: {string.Join(',', Enumerable.Repeat("6.6.6.6", 1_000))}\r\n")).Forwards("GET /", with: ["X-Forwarded-For: 127.0.0.1"]),

        // Two credentials are one for each of two readers (CVE-2026-26308).
        Case("two Authorization lines", With("Authorization: Basic YTph\r\nAuthorization: Basic YjpiCg==\r\n")).Refused(400, "duplicate-credential"),
        Case("two Authorization lines alike", With("Authorization: Basic YTph\r\nX-A: 1\r\nauthorization: Basic YTph\r\n")).Refused(400, "duplicate-credential"),
        Case("two credentials in a line", With("Authorization: Basic YTph, Basic YjpiCg==\r\n")).Refused(400, "duplicate-credential"),
        Case("two API keys", With("X-Api-Key: a\r\nX-Api-Key: b\r\n")).Refused(400, "duplicate-credential"),
        Case("two API keys in a line", With("X-Api-Key: a, b\r\n")).Refused(400, "duplicate-credential"),
        Case("one Authorization", With("Authorization: Bearer a.b.c\r\n")).Forwards("GET /", with: ["Authorization: Bearer a.b.c"]),
        Case("Authorization with parameters", With("Authorization: Digest username=\"a\", realm=\"b\"\r\n")).Forwards("GET /", with: ["Authorization: Digest username=\"a\", realm=\"b\""]),

        // Values.
        .. Each("control byte in a value", ["\0", "a\0b", "a\rb", "\r", "a\r"], static value => With($"X-A: {value}\r\nX-B: 2\r\n"), static request => request.Rejected(400)),
        .. Each("control byte in a value", ["a\u0001", "\u0007", "a\u0008z", "\u000b", "a\u000c", "\u000e", "\u001b[31m", "a\u001f", "a\u007f"], static value => With($"X-A: {value}\r\nX-B: 2\r\n"), static request => request.Refused(400, "header-value")),
        Case("tab inside a value", With("X-A: a\tb\r\n")).Forwards("GET /", with: ["X-A: a\tb"]),
        Case("space around a value", With("X-A: \t a b \t\r\n")).Forwards("GET /", with: ["X-A: a b"]),
        Case("no space before a value", With("X-A:1\r\n")).Forwards("GET /", with: ["X-A: 1"]),
        Case("empty value", With("X-A:\r\nX-B: \r\nX-C: 3\r\n")).Forwards("GET /", with: ["X-A: ", "X-B: ", "X-C: 3"]),
        Case("UTF-8 in a value", With("X-A: J\u00c3\u00bcrgen\r\n")).Forwards("GET /", with: ["X-A: J\u00c3\u00bcrgen"]),
        Case("colons and commas in a value", With("X-A: a:b,c;d=\"e, f\"\r\n")).Forwards("GET /", with: ["X-A: a:b,c;d=\"e, f\""]),
        Case("something that looks like an escape", With("X-A: %0d%0aX-B: 2\r\n")).Forwards("GET /", with: ["X-A: %0d%0aX-B: 2"], without: ["X-B"]),
        Case("order of fields", With("X-B: 1\r\nX-A: 2\r\nX-C: 3\r\n")).Forwards("GET /", with: ["X-B: 1", "X-A: 2", "X-C: 3"]),
        Case("cookies stay one line", With("Cookie: a=b; c=d\r\n")).Forwards("GET /", with: ["Cookie: a=b; c=d"]),
        Case("conditions and ranges pass", With("If-None-Match: \"x\"\r\nRange: bytes=0-1\r\nAccept-Encoding: gzip\r\nIf-Modified-Since: x\r\n")).Forwards("GET /", with: ["If-None-Match: \"x\"", "Range: bytes=0-1", "Accept-Encoding: gzip", "If-Modified-Since: x"]),
        Case("content fields without content", With("Content-Type: text/x\r\nContent-Language: de\r\nLast-Modified: x\r\n")).Forwards("GET /", string.Empty, with: ["Content-Type: text/x", "Content-Language: de", "Last-Modified: x"]),
        Case("long value", With($"X-A: {new string('a', 16_000)}\r\n")).Forwards("GET /", with: [$"X-A: {new string('a', 16_000)}"]),
        Case("Via of another gateway", With("Via: 1.0 fred, 1.1 p.example (x)\r\n")).Forwards("GET /"),
        Case("Via of a circle", With($"Via: {string.Join(", ", Enumerable.Repeat("1.1 gatewaykit", 9))}\r\n")).Refused(508, "loop-detected"),
        Case("one more field than known", With("X-A: 1\r\nx-a: 2\r\n")).Forwards("GET /"),
    ];

    private static string[] Claimed(RequestCase request) =>
        [.. request.Bytes.Split("\r\n")[3..^3].Select(static line => line.Split(':')[0]).Where(static name =>
            !name.Equals("X-Forwarded-For", StringComparison.OrdinalIgnoreCase) && name is not ("X-Forwarded-Proto" or "X-Forwarded-Host"))];
}
