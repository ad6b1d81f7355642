using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>Methods (RFC 9110 §9): tokens in their own case, passed as they are.</summary>
internal static class MethodCases
{
    public static IReadOnlyList<RequestCase> All { get; } =
    [
        .. Each("method", ["GET", "HEAD", "OPTIONS", "DELETE", "PUT"], static method => Line($"{method} / HTTP/1.1"), static request => request.Forwards(LineOf(request))),
        .. Each(
            "method", ["POST", "PATCH", "QUERY", "PROPFIND", "PURGE", "MKCOL", "M-SEARCH", "X", "A!#$%&'*+-.^_`|~9", "GETT", "GET2"],
            static method => Line($"{method} / HTTP/1.1"),
            static request => request.Forwards(LineOf(request))),
        .. Each("method with a body", ["GET", "HEAD", "OPTIONS", "DELETE", "PUT", "PATCH", "PROPFIND"], static method => $"{method} / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello", static request => request.Forwards(LineOf(request), "hello")),

        // Another case is another method, which some readers would take for the known one.
        .. Each("known method in another case", ["get", "Get", "post", "hEAD", "delete", "options", "Patch", "put", "trace"], static method => Line($"{method} / HTTP/1.1"), static request => request.Refused(405, "method-not-allowed")),
        .. Each("method that is no gateway's business", ["TRACE", "TRACK", "PRI"], static method => Line($"{method} / HTTP/1.1"), static request => request.Refused(405, "method-not-allowed")),
        Case("CONNECT", "CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n").Refused(405, "method-not-allowed").MayClose(),
        Case("CONNECT with bytes that follow", "CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\nContent-Length: 4\r\n\r\n\u0016\u0003\u0001\u0002").Refused(405, "method-not-allowed").MayClose(),
        .. Each("CONNECT in no authority form", ["/", "b.example", "*", "http://b.example/"], static target => Line($"CONNECT {target} HTTP/1.1"), static request => request.Refuses(400, 405)),
        .. Each("no method", ["", "G ET", "GET(", "GET,", "\"GET\"", "GET/", "G\0T", "G\u007fT", "G\u00c9T", "[GET]", "GET:", "GET@", "\tGET", "{"], static method => Line($"{method} / HTTP/1.1"), static request => request.Rejected(400)),
        Case("override of the method changes nothing", Post("X-HTTP-Method-Override: DELETE\r\nX-HTTP-Method: PUT\r\nX-Method-Override: PATCH\r\nContent-Length: 2\r\n", "ab"))
            .Forwards("POST /", "ab", without: ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]),
        Case("HEAD stays HEAD", "HEAD /x HTTP/1.1\r\nHost: a.example\r\n\r\n").Forwards("HEAD /x"),

        // RFC 9110 §7.6.2.
        Case("OPTIONS with hops left", "OPTIONS / HTTP/1.1\r\nHost: a.example\r\nMax-Forwards: 5\r\n\r\n").Forwards("OPTIONS /", with: ["Max-Forwards: 4"]),
        Case("OPTIONS without hops left", "OPTIONS / HTTP/1.1\r\nHost: a.example\r\nMax-Forwards: 0\r\n\r\n").Refused(204, string.Empty),
        Case("Max-Forwards of a GET means nothing", With("Max-Forwards: 0\r\n")).Forwards("GET /", with: ["Max-Forwards: 0"]),
    ];

    private static string LineOf(RequestCase request) => request.Bytes[..request.Bytes.IndexOf(" HTTP/", StringComparison.Ordinal)];
}
