using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Configuration;

/// <summary>A reload looks only at routes that say something else. What others do to those that do not is seen all the same.</summary>
public sealed class UnchangedRouteTests
{
    [Fact]
    public async Task A_route_that_says_the_same_keeps_its_objects()
    {
        await using var gateway = await StartAsync();
        var (route, endpoint) = (Route(gateway, "kept"), Endpoint(gateway, "kept"));
        var result = await ApplyAsync(gateway, Set(Answer("kept", "/kept"), Answer("changed", "/changed", "again")));
        Assert.Equal("~route changed (Respond)", result.Changes.ToString());
        Assert.Same(route, Route(gateway, "kept"));
        Assert.Same(endpoint, Endpoint(gateway, "kept"));
        Assert.Equal("again", await gateway.Client.GetStringAsync("/changed"));
    }

    [Fact]
    public async Task The_hash_is_that_of_a_gateway_that_starts_with_the_same()
    {
        await using var gateway = await StartAsync();
        var set = Set(Answer("kept", "/kept"), Answer("changed", "/changed", "again"), Answer("added", "/added"));
        var reloaded = (await ApplyAsync(gateway, set)).Snapshot.Hash;
        await using var other = await StartAsync(set);
        Assert.Equal(other.App.Services.GetRequiredService<GatewayConfigurator>().Current.Hash, reloaded);
    }

    [Fact]
    public async Task A_route_whose_cluster_goes_is_an_error()
    {
        var set = new RouteSet { Routes = [new() { Id = "a", Match = new() { Path = "/a" }, Cluster = "c" }], Clusters = [new() { Id = "c" }] };
        await using var gateway = await StartAsync(set);
        var result = await ApplyAsync(gateway, Set(set.Routes[0] with { Id = "a" }));
        var error = Assert.Single(result.Errors);
        Assert.Equal("dynamic:Routes:a:Cluster", error.Path);
        Assert.StartsWith("There is no cluster 'c'.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_route_that_takes_its_requests_is_an_error()
    {
        await using var gateway = await StartAsync();
        var result = await ApplyAsync(gateway, Set(Answer("kept", "/kept"), Answer("changed", "/changed"), Answer("new", "/Kept")));
        Assert.Contains("Routes 'kept' and 'new' both take", Assert.Single(result.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_one_with_its_id_is_an_error()
    {
        await using var gateway = await StartAsync();
        var result = await ApplyAsync(gateway, Set(Answer("kept", "/kept"), Answer("changed", "/changed"), Answer("KEPT", "/other")));
        Assert.Contains("is there twice", Assert.Single(result.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_rejected_counts_for_nothing_the_next_time()
    {
        await using var gateway = await StartAsync();
        var bad = Set(Answer("kept", "/kept"), Answer("changed", "/{broken"));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("dynamic:Routes:changed:Match:Path", Assert.Single((await ApplyAsync(gateway, bad)).Errors).Path);
        }
    }

    private static RouteSet Set(params GatewayRoute[] routes) => new() { Routes = routes };

    private static GatewayRoute Answer(string id, string path, string body = "yes") => new() { Id = id, Match = new() { Path = path }, Respond = new() { Body = body } };

    private static GatewayRoute Route(TestHost gateway, string id) => gateway.App.Services.GetRequiredService<GatewayConfigurator>().Current.Routes[id];

    private static Endpoint Endpoint(TestHost gateway, string id) => Assert.Single(
        gateway.App.Services.GetRequiredService<EndpointDataSource>().Endpoints, endpoint => endpoint.Metadata.GetMetadata<GatewayRoute>()?.Id == id);

    private static Task<ApplyResult> ApplyAsync(TestHost gateway, RouteSet set) => gateway.App.Services.GetRequiredService<Pushed>().ApplyAsync(set);

    private static Task<TestHost> StartAsync(RouteSet? initial = null) => TestHost.StartAsync(
        builder =>
        {
            builder.Services.AddSingleton(initial ?? Set(Answer("kept", "/kept"), Answer("changed", "/changed")));
            builder.Services.AddApiGateway().AddRouteSource<Pushed>();
        },
        static app => app.MapGatewayRoutes());

    private sealed class Pushed(RouteSet initial) : DynamicRouteSource(initial: initial);
}
