using GatewayKit.Routing;
using static GatewayKit.FunctionalTests.Routing.RoutedHost;

namespace GatewayKit.FunctionalTests.Routing;

public sealed class PathMatchingTests
{
    [Theory]
    [InlineData(PathComparison.IgnoreCase, "/Orders/List", "matched")]
    [InlineData(PathComparison.IgnoreCase, "/ORDERS/list/", "matched")]
    [InlineData(PathComparison.CaseSensitive, "/Orders/List", "matched")]
    [InlineData(PathComparison.CaseSensitive, "/Orders/List/", "matched")]
    [InlineData(PathComparison.CaseSensitive, "/Orders/list", "404")]
    [InlineData(PathComparison.CaseSensitive, "/Orders/%4cist", "matched")]
    [InlineData(PathComparison.Exact, "/Orders/List", "matched")]
    [InlineData(PathComparison.Exact, "/Orders/List/", "404")]
    [InlineData(PathComparison.Exact, "/orders/List", "404")]
    public async Task Literals_are_compared_as_strictly_as_asked(PathComparison comparison, string target, string expected)
    {
        await using var gateway = await StartAsync(Route("matched", new() { Path = "/Orders/List", PathComparison = comparison }));
        Assert.Equal(expected, await gateway.AskAsync(target));
    }

    [Theory]
    [InlineData("/Files/{name}.Json", "/Files/a.Json", true)]
    [InlineData("/Files/{name}.Json", "/Files/a.json", false)]
    [InlineData("/Files/{name}.{ext?}", "/Files/a", true)]
    [InlineData("/Files/{name}.{ext?}", "/Files/a.b", true)]
    [InlineData("/Files/v{major}-{minor}/", "/Files/v1-2/", true)]
    [InlineData("/Files/v{major}-{minor}/", "/Files/v1-2", false)]
    [InlineData("/Files/v{major}-{minor}/", "/Files/V1-2/", false)]
    [InlineData("/Files/{id?}", "/Files", true)]
    [InlineData("/Files/{id?}", "/Files/", false)]
    [InlineData("/Files/{**rest}", "/Files", true)]
    [InlineData("/Files/{**rest}", "/Files/a/B/", true)]
    [InlineData("/Files/{**rest}", "/files/a", false)]
    [InlineData("/", "/", true)]
    public async Task Exact_comparison_knows_every_kind_of_segment(string template, string target, bool expected)
    {
        await using var gateway = await StartAsync(Route("matched", new() { Path = template, PathComparison = PathComparison.Exact }));
        Assert.Equal(expected ? "matched" : "404", await gateway.AskAsync(target));
    }

    [Fact]
    public async Task Case_sensitive_routes_of_one_spelling_each_stand_beside_one_for_every_spelling()
    {
        await using var gateway = await StartAsync(
            Route("any", new() { Path = "/abc" }),
            Route("upper", new() { Path = "/ABC", PathComparison = PathComparison.CaseSensitive }),
            Route("capital", new() { Path = "/Abc", PathComparison = PathComparison.CaseSensitive }));
        Assert.Equal("upper", await gateway.AskAsync("/ABC"));
        Assert.Equal("capital", await gateway.AskAsync("/Abc"));
        Assert.Equal("any", await gateway.AskAsync("/abc"));
    }

    [Fact]
    public async Task Route_with_several_paths_takes_all_of_them()
    {
        await using var gateway = await StartAsync(Route("two", new() { Path = "/a/{id:int}", Paths = ["/b", "/c/{**rest}"] }));
        Assert.Equal("two", await gateway.AskAsync("/a/1"));
        Assert.Equal("two", await gateway.AskAsync("/b"));
        Assert.Equal("two", await gateway.AskAsync("/c/d/e"));
        Assert.Equal("404", await gateway.AskAsync("/a/x"));
    }

    [Fact]
    public async Task Catch_all_gives_way_to_what_is_closer_whatever_its_other_conditions()
    {
        // The catch-alls stand behind /svc in the matcher; the first of them takes everything, the others ask for more.
        await using var gateway = await StartAsync(
            Route("all", new()),
            Route("all of a host", new() { Hosts = ["a.test"] }),
            Route("svc", new() { Path = "/svc/{**rest}" }),
            Route("svc of a host", new() { Path = "/svc/{**rest}", Hosts = ["b.test"] }));
        Assert.Equal("svc", await gateway.AskAsync("/svc/x", "a.test"));
        Assert.Equal("svc of a host", await gateway.AskAsync("/svc/x", "b.test"));
        Assert.Equal("all of a host", await gateway.AskAsync("/x", "a.test"));
        Assert.Equal("all", await gateway.AskAsync("/x", "c.test"));
    }
}
