using GatewayKit.Configuration;
using Microsoft.AspNetCore.Builder;
using static GatewayKit.FunctionalTests.Routing.RoutedHost;

namespace GatewayKit.FunctionalTests.Routing;

public sealed class ConflictAtStartTests
{
    [Fact]
    public async Task Start_fails_with_every_conflict_across_code_groups_and_configuration()
    {
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(
            static app =>
            {
                app.MapGatewayRoutes();
                app.MapGatewayRoute(Route("code", new() { Path = "/a" }));
                app.MapGroup("/group").MapGatewayRoute(Route("grouped", new() { Path = "/b" }));
            },
            Route("configured", new() { Path = "/a" }),
            Route("configured b", new() { Path = "/group/b" })));
        Assert.Contains("'configured'", failure.Message);
        Assert.Contains("'code'", failure.Message);
        Assert.Contains("'grouped'", failure.Message);
        Assert.Contains("'configured b'", failure.Message);
    }

    [Fact]
    public async Task Same_routes_in_two_groups_are_told_apart_by_the_hosts_they_require()
    {
        await using var gateway = await StartAsync(
            static app =>
            {
                app.MapGroup(string.Empty).RequireHost("a.test").MapGatewayRoutes(static route => route.Id != "b");
                app.MapGroup(string.Empty).RequireHost("b.test").MapGatewayRoutes(static route => route.Id != "a");
            },
            Route("a", new() { Path = "/x" }),
            Route("b", new() { Path = "/x" }, priority: 1),
            Route("both", new() { Path = "/y" }));
        Assert.Equal("a", await gateway.AskAsync("/x", "a.test"));
        Assert.Equal("b", await gateway.AskAsync("/x", "b.test"));
        Assert.Equal("both", await gateway.AskAsync("/y", "b.test"));
        Assert.Equal("404", await gateway.AskAsync("/y", "c.test"));
    }

    [Fact]
    public async Task Same_routes_in_two_groups_are_told_apart_by_their_prefixes()
    {
        await using var gateway = await StartAsync(
            static app =>
            {
                app.MapGroup("/v1").MapGatewayRoutes();
                app.MapGroup("/v2").MapGatewayRoutes();
            },
            Route("a", new() { Path = "/a" }));
        Assert.Equal("a", await gateway.AskAsync("/v1/a"));
        Assert.Equal("a", await gateway.AskAsync("/v2/a"));
    }
}
