using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>What concerns one connection (RFC 9110 §7.6.1): fields that <c>Connection</c> names, and those that always do.</summary>
internal static class ConnectionCases
{
    public static IReadOnlyList<RequestCase> All { get; } =
    [
        Case("named field is dropped", With("Connection: X-A\r\nX-A: 1\r\nX-B: 2\r\n")).Forwards("GET /", with: ["X-B: 2"], without: ["X-A"]),
        Case("named field before the name is dropped", With("X-A: 1\r\nConnection: X-A\r\n")).Forwards("GET /", without: ["X-A"]),
        Case("several names in one line", With("Connection: X-A, X-B\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n")).Forwards("GET /", with: ["X-C: 3"], without: ["X-A", "X-B"]),
        Case("several lines", With("Connection: X-A\r\nConnection: X-B\r\nX-A: 1\r\nX-B: 2\r\n")).Forwards("GET /", without: ["X-A", "X-B"]),
        Case("any case", With("CoNnEcTiOn: x-a\r\nX-A: 1\r\n")).Forwards("GET /", without: ["X-A"]),
        Case("empty elements", With("Connection: , X-A ,,\tX-B,\r\nX-A: 1\r\nX-B: 2\r\n")).Forwards("GET /", without: ["X-A", "X-B"]),
        Case("every line of the named field", With("X-A: 1\r\nConnection: X-A\r\nX-A: 2\r\n")).Forwards("GET /", without: ["X-A"]),
        Case("name of no field", With("Connection: X-Absent\r\nX-B: 2\r\n")).Forwards("GET /", with: ["X-B: 2"]),
        Case("name that is no token", With("Connection: X A\r\nX-A: 1\r\n")).Forwards("GET /", with: ["X-A: 1"]),
        Case("prefix of a name names nothing", With("Connection: X-\r\nX-A: 1\r\n")).Forwards("GET /", with: ["X-A: 1"]),
        Case("names beside keep-alive and upgrade", With("Connection: keep-alive, upgrade, X-A\r\nX-A: 1\r\n")).Forwards("GET /", without: ["X-A"]),
        Case("empty Connection", With("Connection:\r\nX-A: 1\r\n")).Forwards("GET /", with: ["X-A: 1"]),
        Case("close ends this connection only", With("Connection: close\r\n")).Forwards("GET /").Closes(),
        Case("close in another case", With("Connection: CLOSE\r\n")).Forwards("GET /").Closes(),
        Case("keep-alive says nothing upstream", With("Connection: keep-alive\r\nKeep-Alive: timeout=5, max=9\r\n")).Forwards("GET /"),
        Case("Proxy-Connection is no Connection", With("Proxy-Connection: close, X-A\r\nX-A: 1\r\n")).Forwards("GET /", with: ["X-A: 1"]),
        Case("two hundred names", With($"Connection: {string.Join(", ", Enumerable.Range(0, 200).Select(static i => $"X-{i}"))}\r\nX-7: 1\r\nX-199: 1\r\nX-200: 2\r\n")).Forwards("GET /", with: ["X-200: 2"], without: ["X-7", "X-199"]),

        // A client must not be able to take away what a request means or whom it is from (CVE-2024-45410).
        .. Each(
            "naming",
            [
                "Host", "Authorization", "Cookie", "Content-Length", "Content-Type", "Content-Encoding", "Content-Anything", "Transfer-Encoding", "X-Forwarded-For", "x-forwarded-proto",
                "X-Forwarded-Host", "X-Forwarded-New", "Forwarded", "Via", "X-Real-IP", "Client-Cert", "X-Original-URL", "Remote-User", "X-A, Host", "Host, X-A", "X-A,\tcookie",
            ],
            static name => With($"Connection: {name}\r\nCookie: a=b\r\nX-A: 1\r\n"),
            static request => request.Refused(400, "hop-by-hop-abuse")),
        Case("naming Via in a second line", With("Connection: X-A\r\nConnection: Via\r\nX-A: 1\r\n")).Refused(400, "hop-by-hop-abuse"),
        Case("naming the coding of a body", Chunked("5\r\nhello\r\n0\r\n\r\n", "Connection: Transfer-Encoding\r\n")).Refused(400, "hop-by-hop-abuse").MayClose(),
        Case("naming the length of a body", Post("Connection: Content-Length\r\nContent-Length: 5\r\n", "hello")).Refused(400, "hop-by-hop-abuse").MayClose(),

        .. Each(
            "always dropped",
            [
                "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic eA==", "Proxy-Authenticate: Basic", "Proxy-Authentication-Info: x", "TE: gzip", "TE: trailers",
                "TE: trailers, deflate;q=0.5", "Trailer: X-T", "Upgrade: foo/1", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA", "Keep-Alive: 1\r\nkeep-alive: 2",
            ],
            static line => With($"X-A: 1\r\n{line}\r\nX-B: 2\r\n"),
            static request => request.Forwards("GET /", with: ["X-A: 1", "X-B: 2"], without: [request.Bytes.Split("\r\n")[3].Split(':')[0]])),

        // They concern the client's connection, so no other element of Connection is needed to drop them.
        Case("end to end despite its name", With("Upgrade-Insecure-Requests: 1\r\nProxy-Status: x\r\n")).Forwards("GET /", with: ["Upgrade-Insecure-Requests: 1", "Proxy-Status: x"]),
        Case("TE named as it should be", With("Connection: TE\r\nTE: trailers\r\n")).Forwards("GET /", without: ["TE"]),
    ];
}
