using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.FunctionalTests.Configuration;

/// <summary>What a reload makes of endpoints: those of groups, those mapped in code, and whoever listens to their changes.</summary>
public sealed class EndpointReloadTests
{
    [Fact]
    public async Task A_reload_that_takes_the_requests_of_a_route_mapped_in_a_group_is_rejected()
    {
        await using var gateway = await StartAsync(
            static app =>
            {
                app.MapGatewayRoutes();
                app.MapGroup("/group").MapGatewayRoute(Route("mapped", "/a"));
            },
            Route("other", "/b"));
        var before = Configurator(gateway).Current;

        var result = await ApplyAsync(gateway, Route("other", "/b"), Route("taker", "/group/{a:length(1)}"), Route("copy", "/group/a"));

        var error = Assert.Single(result.Errors);
        Assert.Contains("'mapped'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'copy'", error.Message, StringComparison.Ordinal);
        Assert.Contains(error.Path, new[] { "test:Routes:copy", "MapGatewayRoute(\"mapped\")" });
        Assert.Same(before, Configurator(gateway).Current);
        Assert.Equal("mapped", await gateway.Client.GetStringAsync("/group/a"));
        using var missing = await gateway.Client.GetAsync("/group/b");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.True((await ApplyAsync(gateway, Route("other", "/c"))).Accepted);
        Assert.Equal("other", await gateway.Client.GetStringAsync("/c"));
    }

    [Fact]
    public async Task A_group_that_was_read_before_its_conventions_were_complete_is_one_group()
    {
        await using var gateway = await StartAsync(
            static app =>
            {
                var group = app.MapGroup("/group");
                group.MapGatewayRoutes();
                Assert.Empty(((IEndpointRouteBuilder)app).DataSources.SelectMany(static source => source.Endpoints));
                group.AddEndpointFilter(static async (context, next) =>
                {
                    context.HttpContext.Response.Headers["X-Filter"] = "ran";
                    return await next(context);
                });
            },
            Route("a", "/a"));
        Assert.True((await ApplyAsync(gateway, Route("a", "/a"), Route("b", "/b"))).Accepted);
        using var answer = await gateway.Client.GetAsync("/group/b");
        Assert.Equal((HttpStatusCode.OK, "ran"), (answer.StatusCode, answer.Headers.GetValues("X-Filter").Single()));
    }

    [Fact]
    public async Task A_listener_of_the_host_that_throws_keeps_nothing_out_of_force()
    {
        var log = new LogRecorder();
        await using var gateway = await StartAsync(
            static app =>
            {
                app.MapGatewayRoutes();
                app.MapGroup("/group").MapGatewayRoutes();
            },
            [Route("a", "/a")],
            builder => builder.Services.AddLogging(logging => logging.AddProvider(log)));
        var endpoints = gateway.App.Services.GetRequiredService<EndpointDataSource>();
        using var listening = ChangeToken.OnChange(endpoints.GetChangeToken, static () => throw new InvalidOperationException("The listener's own mistake."));
        foreach (var id in (string[])["b", "c"])
        {
            var result = await ApplyAsync(gateway, Route(id, $"/{id}"));
            Assert.True(result.Accepted);
            Assert.Same(result.Snapshot, Configurator(gateway).Current);
            Assert.Equal(LogLevel.Error, Assert.Single(log.Take(1107)).Level);
            Assert.Equal(id, await gateway.Client.GetStringAsync($"/{id}"));
            Assert.Equal(id, await gateway.Client.GetStringAsync($"/group/{id}"));
        }
    }

    [Fact]
    public async Task A_predicate_or_convention_that_throws_on_a_new_route_is_a_rejection()
    {
        await using var gateway = await StartAsync(
            static app =>
            {
                app.MapGatewayRoutes(static route => route.Metadata["team"] is "a").Add(static endpoint =>
                {
                    if (endpoint is RouteEndpointBuilder { RoutePattern.RawText: "/refused" })
                    {
                        throw new TimeoutException("A convention's own mistake.");
                    }
                });
            },
            Team(Route("a", "/a")));

        var predicate = await ApplyAsync(gateway, Team(Route("a", "/a")), Route("b", "/b"));
        var convention = await ApplyAsync(gateway, Team(Route("a", "/a")), Team(Route("b", "/refused")));

        Assert.Equal("Snapshot", Assert.Single(predicate.Errors).Path);
        Assert.Equal("It cannot be put in force: Route 'b' cannot be mapped at '/refused': A convention's own mistake.", Assert.Single(convention.Errors).Message);
        Assert.Equal("a", await gateway.Client.GetStringAsync("/a"));
        Assert.Equal(1, Configurator(gateway).Current.Revision);

        static GatewayRoute Team(GatewayRoute route) => route with { Metadata = new Dictionary<string, string> { ["team"] = "a" } };
    }

    [Fact]
    public async Task A_redirect_may_name_a_parameter_of_its_groups_prefix_and_of_no_other()
    {
        await using var gateway = await StartAsync(
            static app =>
            {
                app.MapGroup("/of/{tenant}").MapGatewayRoutes(static route => route.Id != "plain");
                app.MapGatewayRoutes(static route => route.Id == "plain");
            },
            Redirect("grouped", "/old/{rest}", "/new/{tenant}/{rest}"));
        using var answer = await gateway.Client.GetAsync("/of/a%20b/old/x");
        Assert.Equal("/new/a%20b/x", answer.Headers.Location?.OriginalString);

        var unknown = await ApplyAsync(gateway, Redirect("grouped", "/old/{rest}", "/new/{tenat}"));
        var plain = await ApplyAsync(gateway, Redirect("plain", "/old/{rest}", "/new/{tenant}"));

        Assert.Equal("test:Routes:grouped:Redirect:To", Assert.Single(unknown.Errors).Path);
        Assert.Equal(
            "It cannot be put in force: Route 'plain' cannot be mapped at '/old/{rest}': The address of the redirect cannot be used: the path has no parameter 'tenant'.",
            Assert.Single(plain.Errors).Message);
    }

    [Fact]
    public async Task A_reload_that_changes_no_endpoint_does_not_rebuild_routing()
    {
        await using var gateway = await StartAsync(static app => app.MapGatewayRoutes(), Route("a", "/a"));
        Assert.Equal("a", await gateway.Client.GetStringAsync("/a"));
        var changes = 0;
        using var listening = ChangeToken.OnChange(gateway.App.Services.GetRequiredService<EndpointDataSource>().GetChangeToken, () => changes++);

        var source = gateway.App.Services.GetServices<IRouteSource>().OfType<DynamicRouteSource>().Single();
        Assert.True((await source.ApplyAsync(new() { Routes = [Route("a", "/a")], Clusters = [new() { Id = "unused" }] })).Accepted);
        Assert.Equal((2, 0), (Configurator(gateway).Current.Revision, changes));
        Assert.True((await ApplyAsync(gateway, Route("b", "/b"))).Accepted);
        Assert.Equal(1, changes);
    }

    [Fact]
    public async Task Catch_alls_beside_so_many_paths_that_routing_takes_their_product_are_told_of()
    {
        var log = new LogRecorder();
        var paths = Enumerable.Range(0, 1000).Select(static i => Route($"path {i}", $"/shop/p{i % 100}/{i}/{{**rest}}"));
        var catchAlls = Enumerable.Range(0, 910).Select(static i =>
            Route($"host {i}", "/shop/{**rest}") is var route ? route with { Match = route.Match with { Hosts = [$"h{i}.test"] } } : null!);
        GatewayRoute[] routes = [.. paths, .. catchAlls];
        await using var gateway = await StartAsync(static app => app.MapGatewayRoutes(), routes, builder => builder.Services.AddLogging(logging => logging.AddProvider(log)));
        Assert.Equal(
            new LogEntry(
                LogLevel.Warning,
                1201,
                "910 routes take everything below '/shop/', beside 1100 longer paths. Routing repeats each of the former in each of the latter, 1001000 times, so that "
                + "building its matcher takes long and much memory. Make routes with the same settings one route with several Hosts or header values, or give the "
                + "catch-alls a segment in front, such as '/a/{**rest}'."),
            Assert.Single(log.Take(1201)));
        Assert.True((await ApplyAsync(gateway, routes[..^2])).Accepted);
        Assert.Empty(log.Take(1201));
    }

    [Fact]
    public async Task Routes_that_no_call_maps_are_told_of()
    {
        var log = new LogRecorder();
        await using var gateway = await StartAsync(
            static app => app.MapGatewayRoutes(static route => route.Id != "left out"),
            [Route("a", "/a"), Route("left out", "/b")],
            builder => builder.Services.AddLogging(logging => logging.AddProvider(log)));
        Assert.Equal(
            new LogEntry(LogLevel.Warning, 1108, "No request reaches 1 of the configured routes, because no app.MapGatewayRoutes() maps them: left out."),
            Assert.Single(log.Take(1108)));
        Assert.True((await ApplyAsync(gateway, Route("b", "/b"))).Accepted);
        Assert.Empty(log.Take(1108));
    }

    [Fact]
    public async Task Nothing_is_applied_before_the_host_has_started()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddApiGateway().AddRouteSource<DynamicRouteSource>();
        await using var app = builder.Build();
        await Assert.ThrowsAsync<InvalidOperationException>(() => app.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => app.Services.GetRequiredService<DynamicRouteSource>().ApplyAsync(new()));
    }

    private static Task<TestHost> StartAsync(Action<WebApplication> map, params GatewayRoute[] routes) => StartAsync(map, routes, static _ => { });

    private static Task<TestHost> StartAsync(Action<WebApplication> map, GatewayRoute[] routes, Action<GatewayBuilder> configure) => TestHost.GatewayAsync(
        services: builder =>
        {
            builder.Services.AddSingleton<IRouteSource>(new DynamicRouteSource("test", new() { Routes = routes }));
            configure(builder);
        },
        map: map);

    private static GatewayConfigurator Configurator(TestHost gateway) => gateway.App.Services.GetRequiredService<GatewayConfigurator>();

    private static Task<ApplyResult> ApplyAsync(TestHost gateway, params GatewayRoute[] routes) =>
        gateway.App.Services.GetServices<IRouteSource>().OfType<DynamicRouteSource>().Single().ApplyAsync(new() { Routes = routes });

    private static GatewayRoute Route(string id, string path) => new() { Id = id, Match = new() { Path = path }, Respond = new() { Body = id } };

    private static GatewayRoute Redirect(string id, string path, string to) => new() { Id = id, Match = new() { Path = path }, Redirect = new() { To = to } };
}
