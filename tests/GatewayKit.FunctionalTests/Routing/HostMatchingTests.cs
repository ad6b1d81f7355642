using GatewayKit.Configuration;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using static GatewayKit.FunctionalTests.Routing.RoutedHost;

namespace GatewayKit.FunctionalTests.Routing;

public sealed class HostMatchingTests
{
    [Theory]
    [InlineData("api.example.com", "exact")]
    [InlineData("API.Example.COM", "exact")]
    [InlineData("api.example.com.", "exact")]
    [InlineData("api.example.com:8080", "exact at port")]
    [InlineData("api.example.com:8081", "exact")]
    [InlineData("www.example.com", "suffix")]
    [InlineData("a.b.example.com", "suffix")]
    [InlineData("a.deep.example.com", "longer suffix")]
    [InlineData("deep.example.com", "suffix")]
    [InlineData("example.com", "none")]
    [InlineData("badexample.com", "none")]
    [InlineData("www.example.com:9000", "suffix at port")]
    [InlineData("other.test:9090", "port")]
    [InlineData("other.test", "none")]
    [InlineData("[::1]:9090", "port")]
    [InlineData("[2001:db8::1]", "address")]
    [InlineData("xn--mnchen-3ya.example", "international")]
    public async Task Most_specific_host_wins(string host, string expected)
    {
        await using var gateway = await StartAsync(
            On("none"),
            On("port", "*:9090"),
            On("suffix", "*.example.com"),
            On("suffix at port", "*.example.com:9000"),
            On("longer suffix", "*.deep.example.com"),
            On("exact", "api.example.com"),
            On("exact at port", "api.example.com:8080"),
            On("address", "[2001:DB8:0::1]"),
            On("international", "münchen.example"));
        Assert.Equal(expected, await gateway.AskAsync("/a", host));
    }

    [Fact]
    public async Task Port_of_a_wider_pattern_counts_for_a_name_without_port()
    {
        // The name alone is closer than the suffix at its port; both lose to a route that asks for more only if it is less close.
        await using var gateway = await StartAsync(
            Route("name, but GET", new() { Hosts = ["a.example.com"], Methods = ["GET"] }),
            On("suffix at port", "*.example.com:9000"),
            On("any at port", "*:9001"));
        Assert.Equal("name, but GET", await gateway.AskAsync("/", "a.example.com:9000"));
        Assert.Equal("suffix at port", await gateway.AskAsync("/", "a.example.com:9000", "POST"));
        Assert.Equal("any at port", await gateway.AskAsync("/", "a.example.com:9001", "POST"));
        Assert.Equal("405", await gateway.AskAsync("/", "a.example.com", "POST"));
    }

    [Fact]
    public async Task Route_with_a_name_and_a_wildcard_is_as_close_as_the_one_that_matched()
    {
        await using var gateway = await StartAsync(On("both", "a.test", "*.example.com"), On("longer", "*.b.example.com"), On("zone", "*.test"));
        Assert.Equal("both", await gateway.AskAsync("/", "a.test"));
        Assert.Equal("both", await gateway.AskAsync("/", "x.example.com"));
        Assert.Equal("longer", await gateway.AskAsync("/", "x.b.example.com"));
        Assert.Equal("zone", await gateway.AskAsync("/", "x.test"));
    }

    [Fact]
    public async Task Unknown_host_is_the_hosts_own_404()
    {
        await using var gateway = await StartAsync(On("a", "a.test"));
        Assert.Equal("404", await gateway.AskAsync("/", "b.test"));
    }

    [Fact]
    public async Task Method_not_allowed_names_the_methods_of_this_host_only()
    {
        await using var gateway = await StartAsync(
            Route("a", new() { Path = "/x", Hosts = ["a.test"], Methods = ["GET"] }),
            Route("b", new() { Path = "/x", Hosts = ["b.test"], Methods = ["PUT"] }));
        var (status, head, _) = await gateway.SendAsync("DELETE /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
        Assert.Equal(405, status);
        Assert.Contains("\r\nAllow: GET\r\n", head + "\r\n");
        Assert.Equal("404", await gateway.AskAsync("/x", "c.test", "DELETE"));
    }

    [Fact]
    public async Task Path_template_counts_more_than_host_and_priority_more_than_both()
    {
        await using var gateway = await StartAsync(
            Route("host", new() { Path = "/{**rest}", Hosts = ["a.test"] }),
            Route("path", new() { Path = "/orders" }),
            Route("priority", new() { Path = "/urgent/{**rest}" }, priority: 1),
            Route("literal", new() { Path = "/{area}/now", Hosts = ["b.test"], Methods = ["GET"] }));
        Assert.Equal("path", await gateway.AskAsync("/orders", "a.test"));
        Assert.Equal("host", await gateway.AskAsync("/other", "a.test"));
        Assert.Equal("priority", await gateway.AskAsync("/urgent/now", "b.test"));
        Assert.Equal("literal", await gateway.AskAsync("/other/now", "b.test"));
    }

    [Fact]
    public async Task Endpoint_of_the_host_with_its_own_host_condition_keeps_it()
    {
        await using var gateway = await StartAsync(
            app =>
            {
                app.MapGatewayRoutes();
                app.MapGet("/a", () => "own").RequireHost("own.test");
            },
            On("gateway", "gateway.test"),
            On("all"));
        Assert.Equal("own", await gateway.AskAsync("/a", "own.test"));
        Assert.Equal("gateway", await gateway.AskAsync("/a", "gateway.test"));
        Assert.Equal("all", await gateway.AskAsync("/a", "other.test"));
    }

    private static GatewayRoute On(string id, params string[] hosts) => Route(id, new() { Hosts = hosts });
}
