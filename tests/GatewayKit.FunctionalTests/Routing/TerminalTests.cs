using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Routing.RoutedHost;

namespace GatewayKit.FunctionalTests.Routing;

public sealed class TerminalTests
{
    [Theory]
    [InlineData("/old/{**rest}", "https://new.test/moved/{rest}", "/old/a/b?x=1&y=%2F", "https://new.test/moved/a/b?x=1&y=%2F")]
    [InlineData("/old/{**rest}", "/new/{**rest}", "/old/a%20b/%C3%A4/c;d", "/new/a%20b/%C3%A4/c;d")]
    [InlineData("/old/{**rest}", "/new/{rest}?fixed=1", "/old/a?x=1", "/new/a?fixed=1")]
    [InlineData("/old/{term}", "/search?q={term}#top", "/old/a&b=c%2Bd%23", "/search?q=a%26b%3Dc%2Bd%23#top")]
    [InlineData("/old/{id?}", "/new/{id}", "/old", "/new/")]
    [InlineData("/old/{**rest}", "/{rest}", "/old//evil.test/x", "/.//evil.test/x")]
    [InlineData("/old/{**rest}", "/{rest}", "/old/%5Cevil.test", "/%5Cevil.test")]
    [InlineData("/old/{**rest}", "https://new.test/{rest}", "/old/@evil.test", "https://new.test/@evil.test")]
    [InlineData("/old/{**rest}", "/new/{rest}", "/old/a%0D%0ASet-Cookie:x", "/new/a%0D%0ASet-Cookie:x")]
    [InlineData("/old/{**rest}", "/new/{rest}", "/old/a%2Fb", "/new/a%2Fb")]
    public async Task Redirect_is_filled_from_the_path(string path, string to, string target, string expected)
    {
        await using var gateway = await StartAsync(Redirect(path, to));
        foreach (var method in (string[])["GET", "HEAD", "POST"])
        {
            var (status, head, body) = await gateway.SendAsync($"{method} {target} HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            Assert.Equal(308, status);
            Assert.Contains($"\r\nLocation: {expected}\r\n", head + "\r\n");
            Assert.Empty(body);
        }
    }

    [Fact]
    public async Task Redirect_refuses_a_path_whose_slashes_have_two_readings()
    {
        await using var gateway = await StartAsync(Redirect("/old/{**rest}", "/new/{rest}"));
        Assert.Equal("400", await gateway.AskAsync("/old/a%252Fb"));
    }

    [Fact]
    public async Task Static_answer_has_a_length_for_head_and_no_body()
    {
        await using var gateway = await StartAsync(Route("hello", new() { Path = "/a" }));
        var (status, head, body) = await gateway.SendAsync("HEAD /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.Equal(200, status);
        Assert.Contains("Content-Length: 5", head);
        Assert.Empty(body);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(205)]
    [InlineData(304)]
    public async Task Static_answer_without_content_never_has_a_body(int status)
    {
        await using var gateway = await StartAsync(new GatewayRoute { Id = "a", Match = new() { Path = "/a" }, Respond = new() { Status = status, Headers = new Dictionary<string, string> { ["X-A"] = "1" } } });
        var (answered, head, body) = await gateway.SendAsync("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.Equal(status, answered);
        Assert.Contains("X-A: 1", head);
        Assert.Empty(body);
    }

    [Fact]
    public async Task Custom_method_is_routed_and_another_is_refused_with_allow()
    {
        await using var gateway = await StartAsync(Route("purge", new() { Path = "/a", Methods = ["PURGE", "QUERY"] }));
        Assert.Equal("purge", await gateway.AskAsync("/a", method: "PURGE"));
        var (status, head, _) = await gateway.SendAsync("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.Equal(405, status);
        Assert.Contains("Allow: PURGE, QUERY", head);
    }

    [Fact]
    public async Task Endpoint_of_the_host_wins_against_an_equal_route_and_keeps_its_404()
    {
        await using var gateway = await StartAsync(
            app =>
            {
                app.MapGatewayRoutes();
                app.Map("/same", static (HttpContext context) => "own");
                app.MapFallback(static context =>
                {
                    context.Response.StatusCode = 404;
                    return context.Response.WriteAsync("own 404");
                });
            },
            Route("gateway", new() { Path = "/same" }));
        Assert.Equal("own", await gateway.AskAsync("/same"));
        var (status, _, body) = await gateway.SendAsync("GET /unknown HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.Equal((404, "own 404"), (status, body));
    }

    [Fact]
    public async Task Routes_of_a_group_are_under_its_prefix()
    {
        await using var gateway = await StartAsync(
            static app => app.MapGroup("/partners/{partner}").MapGatewayRoutes(),
            Route("stock", new() { Path = "/stock", PathComparison = PathComparison.CaseSensitive }),
            Redirect("/old/{id}", "/new/{id}"));
        Assert.Equal("stock", await gateway.AskAsync("/partners/7/stock"));
        Assert.Equal("404", await gateway.AskAsync("/partners/7/Stock"));
        Assert.Equal("404", await gateway.AskAsync("/stock"));
        var (_, head, _) = await gateway.SendAsync("GET /partners/7/old/8 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.Contains("Location: /new/8", head);
    }

    [Fact]
    public async Task Preflight_reaches_a_route_with_cors_metadata_and_no_other()
    {
        await using var gateway = await StartAsync(
            static app => app.MapGatewayRoutes().Add(static builder =>
            {
                if (builder.Metadata.OfType<GatewayRoute>().Single().Id == "cors")
                {
                    builder.Metadata.Add(new Microsoft.AspNetCore.Cors.DisableCorsAttribute());
                }
            }),
            Route("cors", new() { Path = "/cors", Methods = ["GET"] }),
            Route("plain", new() { Path = "/plain", Methods = ["GET"] }));

        var endpoints = gateway.Host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints;
        Assert.Equal(
            [("cors", true), ("plain", false)],
            endpoints.Select(static endpoint => (endpoint.Metadata.GetMetadata<GatewayRoute>()!.Id, endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.AcceptCorsPreflight)).Order());
        Assert.Equal("405", await gateway.AskAsync("/plain", "a", "OPTIONS", "Origin: http://o.test", "Access-Control-Request-Method: GET"));
    }

    private static GatewayRoute Redirect(string path, string to) => new() { Id = "redirect", Match = new() { Path = path }, Redirect = new() { To = to } };
}
