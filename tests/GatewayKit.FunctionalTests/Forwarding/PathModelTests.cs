namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>One path for all: what routing matched, what policies read and what the destination is sent.</summary>
public sealed class PathModelTests(PathGateway gateway) : IClassFixture<PathGateway>
{
    private static readonly string[] Pieces =
    [
        "/", "/", "/", "//", ".", "..", "/../", "/./", "..;", ";x=y", "a", "b", "admin", "ADMIN", "Admin", "%61dmin", "slash", "/admin/", "/slash/", "%2e", "%2E%2e", "%2f", "%2F", "%5c",
        "%5C", "\\", "%252f", "%252F", "%25", "%32%46", "%32f", "2f", "2F", "%00", "%0d", "%7e", "~", "%C3%BC", "%c3%bc", "%C0%AF", "%E0%80%AF", "%ff", "%u002f", "%zz", "%", "%4", "+", "%2B", "%20",
        "%3b", "%3B", "%3f", "%23", "=", "@", ":", "*", "%ef%bc%8f",
    ];

    [Theory]
    [InlineData("/", "/")]
    [InlineData("/a", "/a")]
    [InlineData("/a/", "/a/")]
    [InlineData("/a//b", "/a//b")]
    [InlineData("//a", "//a")]
    [InlineData("/a;b=c/d", "/a;b=c/d")]
    [InlineData("/a;/b", "/a;/b")]
    [InlineData("/a%3Bb", "/a%3Bb")]
    [InlineData("/a%3bb", "/a%3Bb")]
    [InlineData("/a%40b", "/a%40b")]
    [InlineData("/a%2Cb", "/a%2Cb")]
    [InlineData("/a%25b", "/a%25b")]
    [InlineData("/a%2525b", "/a%2525b")]
    [InlineData("/a%252541", "/a%252541")]
    [InlineData("/100%25", "/100%25")]
    [InlineData("/a%3Fb", "/a%3Fb")]
    [InlineData("/a%23b", "/a%23b")]
    [InlineData("/a%5Bb%5D", "/a%5Bb%5D")]
    [InlineData("/a%20b", "/a%20b")]
    [InlineData("/a+b", "/a+b")]
    [InlineData("/a%2Bb", "/a%2Bb")]
    [InlineData("/%61%62", "/ab")]
    [InlineData("/%7euser", "/~user")]
    [InlineData("/%2D%2E%5F", "/-._")]
    [InlineData("/a%2eb", "/a.b")]
    [InlineData("/%C3%BC", "/%C3%BC")]
    [InlineData("/%c3%bc", "/%C3%BC")]
    [InlineData("/u%CC%88", "/u%CC%88")]
    [InlineData("/%F0%9F%98%80", "/%F0%9F%98%80")]
    [InlineData("/%EF%BC%8Fa", "/%EF%BC%8Fa")]
    [InlineData("/pub/../a", "/a")]
    [InlineData("/pub/%2e%2e/a", "/a")]
    [InlineData("/pub/.%2E/a", "/a")]
    [InlineData("/./a", "/a")]
    [InlineData("/a/.", "/a/")]
    [InlineData("/a/..", "/")]
    [InlineData("/a/b/..", "/a/")]
    [InlineData("/a/b/../", "/a/")]
    [InlineData("/.well-known/x", "/.well-known/x")]
    [InlineData("/a/...", "/a/...")]
    [InlineData("/a/..b", "/a/..b")]
    [InlineData("/a.;b", "/a.;b")]
    [InlineData("/a'(b)!$&*,=:@", "/a'(b)!$&*,=:@")]
    [InlineData("/a:80/b", "/a:80/b")]
    [InlineData("/a@b", "/a@b")]
    [InlineData("/http://evil/x", "/http://evil/x")]
    [InlineData("/?a=/../b", "/?a=/../b")]
    [InlineData("/a?b?c", "/a?b?c")]
    [InlineData("/a?", "/a?")]
    [InlineData("/a?%2F%2f%5C", "/a?%2F%2f%5C")]
    [InlineData("/a?q=%zz", "/a?q=%zz")]
    [InlineData("/a?a=1&a=2&a&a=&;&&=", "/a?a=1&a=2&a&a=&;&&=")]
    [InlineData("http://a/b", "/b")]
    [InlineData("http://a/b?c", "/b?c")]
    [InlineData("http://a", "/")]
    [InlineData("http://a/b/../c", "/c")]
    [InlineData("http://a//b", "//b")]
    [InlineData("/ADMIN/x", "/ADMIN/x")]
    [InlineData("/%61DMIN/x", "/aDMIN/x")]
    public async Task Target_is_one_string_for_routing_policies_and_destination(string sent, string seen)
    {
        var answer = await gateway.GetAsync(sent);
        var path = seen.Split('?')[0];
        Assert.True(seen == answer.Forwarded, answer.Text);
        Assert.Equal(path, answer.PolicyPath);
        Assert.Equal(Uri.UnescapeDataString(path), answer.Matched);
        Assert.Equal(path.StartsWith("/admin/", StringComparison.OrdinalIgnoreCase) ? "admin" : "all", answer.Route);
    }

    [Theory]
    [InlineData("a%2Fb", "/slash/a%2Fb/c", "a%2Fb")]
    [InlineData("a%2fb", "/slash/a%2Fb/c", "a%2fb")]
    [InlineData("%2F", "/slash/%2F/c", "%2F")]
    [InlineData("a%2F%2Fb", "/slash/a%2F%2Fb/c", "a%2F%2Fb")]
    [InlineData("%C3%BC%2F%20", "/slash/%C3%BC%2F%20/c", "ü%2F ")]
    [InlineData("a%2F...", "/slash/a%2F.../c", "a%2F...")]
    [InlineData("a%5Cb", null, null)]
    [InlineData("a%5cb", null, null)]
    [InlineData("a\\b", null, null)]
    [InlineData("a%00b", null, null)]
    [InlineData("a%0Ab", null, null)]
    [InlineData("a%7Fb", null, null)]
    [InlineData("a%252Fb", null, null)]
    [InlineData("a%252fb", null, null)]
    [InlineData("a%25%32%46b", null, null)]
    [InlineData("a%2%35%32Fb", null, null)]
    [InlineData("a%25252fb", null, null)]
    [InlineData("a%255Cb", null, null)]
    [InlineData("a%252e%252e", null, null)]
    [InlineData("a%2500", null, null)]
    [InlineData("%C0%AF", null, null)]
    [InlineData("%E0%80%AF", null, null)]
    [InlineData("%ED%A0%80", null, null)]
    [InlineData("%u002f", null, null)]
    [InlineData("a%2F..%2Fb", null, null)]
    [InlineData("..%2Fb", null, null)]
    [InlineData("a%2F..;x", null, null)]
    [InlineData("..;", null, null)]
    [InlineData("..%3Bx", null, null)]
    public async Task Encoded_slash_passes_where_the_route_allows_it_and_nothing_else_does(string segment, string? forwarded, string? routeValue)
    {
        var allowed = await gateway.GetAsync($"/slash/{segment}/c");
        if (forwarded is null)
        {
            Assert.Equal(400, allowed.Status);
        }
        else
        {
            Assert.Equal(forwarded, allowed.Forwarded);
            Assert.Equal(forwarded, allowed.PolicyPath);
            Assert.Equal("slash", allowed.Route);

            // The server decodes everything but the slash: one segment, and its slash is told from a separator.
            Assert.Equal(routeValue, allowed.RouteValue);
        }

        var refused = await gateway.GetAsync($"/open/{segment}/c");
        Assert.Equal(400, refused.Status);
    }

    [Theory]
    [InlineData("http://a/slash/x%2Fy/z")]
    [InlineData("http://a/open/x%2Fy")]
    public async Task Absolute_form_with_an_encoded_slash_is_refused_because_the_server_decodes_it(string target) =>
        Assert.Equal(400, (await gateway.GetAsync(target)).Status);

    [Theory]
    [InlineData("/..")]
    [InlineData("/../a")]
    [InlineData("/a/../../b")]
    [InlineData("/%2e%2e/a")]
    [InlineData("/a/%2e%2e/%2e%2e/b")]
    public async Task Path_that_climbs_above_the_root_is_refused(string target) => Assert.Equal(400, (await gateway.GetAsync(target)).Status);

    /// <summary>
    /// Generated paths, one fixed seed: what is forwarded says what was matched and what policies read, or the answer is 400. However often the
    /// next reader decodes, it finds no guarded path that routing did not find.
    /// </summary>
    [Fact]
    public async Task Generated_paths_are_forwarded_as_they_were_matched_or_refused()
    {
        const int Count = 10_000;
        var random = new Random(20_261_125);
        var (forwarded, refused, guarded) = (0, 0, 0);
        for (var i = 0; i < Count; i++)
        {
            var path = "/" + string.Concat(Enumerable.Range(0, random.Next(1, 7)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            var answer = await gateway.GetAsync(path);
            if (answer.Status == 400)
            {
                refused++;
                continue;
            }

            Assert.True(answer.Status == 200, $"{path}: {answer.Text}");
            forwarded++;
            var sent = answer.Forwarded!;
            Assert.Equal(answer.PolicyPath, sent);
            Assert.True(answer.Matched == DecodeAllButSlashes(sent), $"{path}: matched {answer.Matched}, sent {sent}");
            Assert.True(answer.Route == "slash" || !sent.Contains("%2F"), $"{path}: {sent}");
            if (answer.Route == "admin")
            {
                guarded++;
            }
            else
            {
                Assert.False(Readings(sent).Any(IsGuarded), $"{path}: {sent} is read as guarded");
            }
        }

        Assert.Equal(Count, forwarded + refused);
        Assert.True(forwarded > Count / 10 && refused > Count / 10 && guarded > 100, $"{forwarded} forwarded, {guarded} of them guarded, {refused} refused");
    }

    private static bool IsGuarded(string path) =>
        path.Equals("/admin", StringComparison.OrdinalIgnoreCase) || path.StartsWith("/admin/", StringComparison.OrdinalIgnoreCase);

    // What servers make of a path that decode once or again, take a backslash for a slash, and resolve dots then. An encoded slash that a route
    // lets pass is data to all of them: that is what the route was asked for.
    private static IEnumerable<string> Readings(string path)
    {
        for (var times = 0; times < 4; times++)
        {
            yield return Resolve(path.Replace('\\', '/'));
            path = Uri.UnescapeDataString(path);
        }
    }

    private static string Resolve(string path)
    {
        var kept = new List<string>();
        foreach (var segment in path.Split('/').Skip(1))
        {
            var name = segment.Split(';')[0];
            if (name is ".." && kept.Count > 0)
            {
                kept.RemoveAt(kept.Count - 1);
            }
            else if (name is not ("." or ".."))
            {
                kept.Add(segment);
            }
        }

        return "/" + string.Join('/', kept);
    }

    private static string DecodeAllButSlashes(string path) => string.Join("%2F", path.Split("%2F").Select(Uri.UnescapeDataString));
}
