using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>Request targets and paths (RFC 9112 §3.2, RFC 3986 §6.2.2): one reading, or none.</summary>
internal static class TargetCases
{
    public static IReadOnlyList<RequestCase> All { get; } =
    [
        .. Pairs(
            "path",
            [
                ("/", "/"), ("/a/b", "/a/b"), ("/a/", "/a/"), ("/a//b/", "/a//b/"), ("//evil.example/x", "//evil.example/x"), ("///", "///"),
                ("/a;x=y/b", "/a;x=y/b"), ("/a'(b)!$&*+,=:@", "/a'(b)!$&*+,=:@"), ("/~-._", "/~-._"),

                // Escapes: upper case, unreserved characters plain, the rest as it came.
                ("/a%20b", "/a%20b"), ("/a%3bb", "/a%3Bb"), ("/%40%2C%3A%3d", "/%40%2C%3A%3D"), ("/%61%7E%2D%5F", "/a~-_"), ("/a%25b", "/a%25b"),
                ("/%C3%BC", "/%C3%BC"), ("/%e2%82%ac", "/%E2%82%AC"), ("/%f0%9f%98%80", "/%F0%9F%98%80"), ("/%22%3C%3E%7b%7D%7c%5E%60", "/%22%3C%3E%7B%7D%7C%5E%60"),
                ("/a%3Fb%23c", "/a%3Fb%23c"), ("/%2541", "/%2541"),

                // Dot segments are resolved before matching.
                ("/pub/../a", "/a"), ("/pub/%2e%2e/a", "/a"), ("/pub/.%2e/a", "/a"), ("/pub/%2E./a", "/a"), ("/a/./b", "/a/b"), ("/a/%2e/b", "/a/b"),
                ("/a/b/..", "/a/"), ("/a/.", "/a/"), ("/./", "/"), ("/a/..", "/"), ("/a/..b/.c", "/a/..b/.c"), ("/a/.../b", "/a/.../b"), ("/a/b/../../c", "/c"),
                ("/a//../b", "/a/b"),
            ],
            static sent => Get(sent),
            static (request, seen) => request.Forwards($"GET {seen}")),

        // Absolute form, in agreement with Host.
        .. Pairs(
            "absolute form",
            [
                ("http://a.example/b?c", "/b?c"), ("http://a.example", "/"), ("http://a.example?c", "/?c"), ("http://a.example/x/../y", "/y"), ("http://A.EXAMPLE/b", "/b"),
            ],
            static sent => Get(sent),
            static (request, seen) => request.Forwards($"GET {seen}")),

        // The query is not read, so it has no second reading.
        .. Each(
            "query",
            [
                "/?a=b&a=c&b", "/?a", "/?a=", "/?", "/?=", "/?&&", "/?a;b;c=d", "/?a%26b=%3d", "/?a=%2f%2F", "/?a=/../b", "/?q=%41", "/?q=%zz", "/?q=%", "/?q=+%2B", "/?a?b",
                "/?q='\"<>[]{}|\\^`", "/?u=http://b.example/", "/?%00", "/?a=%0d%0aX:1", "/x/?a=1", "/?a[0]=1&a[1]=2", "/?%C3%BC=%ff", "/?a=b&amp;c=d", "/?~!@$*()_-=", "/?a%23b",
            ],
            static sent => Get(sent),
            static request => request.Forwards($"GET {request.Bytes.Split(' ')[1]}")),

        // What two readers may read in two ways.
        .. Each(
            "two readings",
            [
                "/a%2Fb", "/a%2fb", "/%2F", "/a%5Cb", "/a%5cb", "/a\\b", "/\\evil.example", "/a%0d%0aX:1", "/a%09b", "/a%0a", "/a%0d", "/a%1fb", "/a%7f", "/a%7Fb",
                "/%C0%AF", "/%c0%ae%c0%ae/", "/%e0%80%af", "/%ff", "/%80", "/%E2%82", "/%E2%82/x", "/%ED%A0%80", "/%F8%88%80%80%80", "/%f4%90%80%80",
                "/a%252Fb", "/a%25252fb", "/a%255cb", "/a%252e%252e/b", "/a%2500", "/a%zz", "/a%4", "/a%", "/a%u002f", "/a%%41",
                "/..", "/../", "/a/../../b", "/%2e%2e", "/a/%2e%2e/%2e%2e/b", "/pub/..;/a", "/pub/..;x=y/a", "/pub/.;/a", "/pub/%2e%2e;/a", "/pub/..%3b/a", "/..;", "/a/..%2f..%2fb",
            ],
            static sent => Get(sent),
            static request => request.Refused(400, "ambiguous-path")),

        // What no request line may hold (RFC 9112 §3).
        .. Each("space", ["/a b", "/a b c", "/a HTTP/1.1", " /", "/?a b", "/\t", "/a\tb", "/?a\tb"], static sent => Line($"GET {sent} HTTP/1.1"), static request => request.Refuses()),
        .. Each("control byte", ["/\0", "/a\u0001", "/a\u000b", "/a\rb", "/a\u001f", "/a\u007f"], static sent => Line($"GET {sent} HTTP/1.1"), static request => request.Refuses()),
        .. Each("raw octet above ASCII", ["/\u00fc", "/\u00c3\u00bc", "/a\u00a0", "/?\u00fc", "/?q=\u00c3\u00bc"], static sent => Line($"GET {sent} HTTP/1.1"), static request => request.Refuses()),
        .. Each("fragment", ["/#", "/a#b", "/?a#b", "/#/../x"], static sent => Get(sent), static request => request.Refuses()),

        // Other forms.
        .. Each(
            "no form of a GET",
            ["*", "a.example", "a.example:80", "a", "?a", "a/b", "../a", "", ":80", "http:", "http:/", "http://", "http:///a", "mailto:a"],
            static sent => Line($"GET {sent} HTTP/1.1"),
            static request => request.Refuses(400, 405)),
        .. Each(
            "absolute form against Host",
            ["http://b.example/", "http://a.example:81/", "http://a.example.b.example/", "http://a.example@b.example/", "http://user@a.example/", "http://user:pass@a.example/", "http://a.example./"],
            static sent => Get(sent),
            static request => request.Refuses()),
        Case("escaped NUL", Get("/a%00b")).Refuses(),
        Case("asterisk is nobody's path", Line("OPTIONS * HTTP/1.1")).Refuses(200, 204, 400),
        Case("asterisk of POST", "POST * HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n").Refuses(400, 405),
    ];
}
