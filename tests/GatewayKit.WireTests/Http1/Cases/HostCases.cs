using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>The Host of a request (RFC 9112 §3.2): exactly one, valid, or none of the request passes.</summary>
internal static class HostCases
{
    public static IReadOnlyList<RequestCase> All { get; } =
    [
        .. Each(
            "host",
            ["a", "a.example", "A.Example", "a.example.", "a.example:80", "a.example:65535", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080", "[2001:db8::1]", "a_b", "xn--bcher-kva.example", "a-1.b-2", " a.example ", "\ta.example"],
            static host => $"GET / HTTP/1.1\r\nHost:{host}\r\n\r\n",
            static request => request.Forwards("GET /")),
        .. Each(
            "bad host",
            [
                "a,b", "a, b", "a b", "a/b", "a@b", "user:pass@a", "a:b", "a:", "a:99999", "a:65536", "a:-1", "a:0x50", "a:80:80", "[::1", "::1", "[::1]a", "[]", "[a]", "[127.0.0.1]", "a?b", "a#b", "a\\b", "a\"b", "a<b>",
                "a;b", "b\u00fccher.example", "a\0b", "a\u007f", "a%00b", "a%2eb", ":80", "", "http://a", "..", "a..b", ".a",
            ],
            static host => $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n",
            static request => request.Refuses()),
        Case("missing", "GET / HTTP/1.1\r\n\r\n").Rejected(400),
        Case("missing among fields", "GET / HTTP/1.1\r\nX-A: 1\r\nAccept: */*\r\n\r\n").Rejected(400),
        Case("twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").Rejected(400),
        Case("twice alike", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n").Rejected(400),
        Case("twice in another case", "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nhOST: b\r\n\r\n").Rejected(400),
        Case("twice with an empty one", "GET / HTTP/1.1\r\nHost:\r\nHost: a\r\n\r\n").Rejected(400),
        Case("last of all fields", "GET / HTTP/1.1\r\nX-A: 1\r\nX-B: 2\r\nHost: a\r\n\r\n").Forwards("GET /", with: ["X-A: 1", "X-B: 2"]),
        Case("space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n").Rejected(400),
        Case("folded", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n").Rejected(400),
        Case("told to the destination beside its own", "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n").Forwards("GET /", with: ["X-Forwarded-Host: shop.example"]),
        Case("claimed by another field", "GET / HTTP/1.1\r\nHost: shop.example\r\nX-Forwarded-Host: evil.example\r\nX-Host: evil.example\r\n\r\n").Forwards("GET /", with: ["X-Forwarded-Host: shop.example", "X-Host: evil.example"]),
    ];
}
