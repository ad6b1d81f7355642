using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Resilience.Fallbacks;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>What a fallback must keep to before anything is served.</summary>
public sealed class FallbackStartTests
{
    [Theory]
    [InlineData("""{ }""", "leads nowhere")]
    [InlineData("""{ "Cluster": "b", "Endpoint": "own" }""", "several ways: Cluster and Endpoint")]
    [InlineData("""{ "Cluster": "b", "OnOpen": false }""", "never stands in")]
    [InlineData("""{ "Cluster": "bb" }""", "There is no cluster 'bb'. Did you mean 'b'?")]
    [InlineData("""{ "Endpoint": "owm" }""", "no endpoint named 'owm'. Did you mean 'own'?")]
    [InlineData("""{ "Endpoint": "secret" }""", "'secret' requires authorization")]
    [InlineData("""{ "Cluster": "a" }""", "circle: cluster 'a' → cluster 'a'.")]
    [InlineData("""{ "Cluster": "b", "OnFailure": { "Reasons": [ "upstream-conect" ] } }""", "Did you mean 'upstream-connect'?")]
    [InlineData("""{ "Cluster": "b", "OnFailure": { "Statuses": [ 200 ] } }""", "200 is no failure")]
    [InlineData("""{ "Answer": { "Status": 99 } }""", "Status is 99")]
    [InlineData("""{ "Answer": { "Headers": { "Content-Length": "3" } } }""", "Content-Length says how the answer is sent")]
    [InlineData("""{ "Cluster": "b", "OnError": true }""", "OnError")]
    public async Task Mistake_stops_the_start_and_says_what_to_do(string fallback, string words)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(
            $$"""{ "r": { "Match": { "Path": "/r" }, "Cluster": "a", "Fallback": {{fallback}} } }"""));
        var only = Assert.Single(error.Errors);
        Assert.Contains("Fallback", only.Path, StringComparison.Ordinal);
        Assert.Contains(words, $"{only.Path} {only.Message}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Circle_over_several_routes_and_endpoints_is_named_whole()
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync("""
            {
              "one": { "Match": { "Path": "/one" }, "Cluster": "a", "Fallback": { "Cluster": "b" } },
              "two": { "Match": { "Path": "/two" }, "Cluster": "b", "Fallback": { "Cluster": "c" } },
              "three": { "Match": { "Path": "/three" }, "Cluster": "c", "Fallback": { "Cluster": "a" } },
              "line": { "Match": { "Path": "/line" }, "Cluster": "d", "Fallback": { "Cluster": "a" } }
            }
            """));
        var only = Assert.Single(error.Errors);
        Assert.Equal("Gateway:Routes:three:Fallback", only.Path);
        Assert.Equal(
            "Fallbacks go in a circle: cluster 'a' → cluster 'b' → cluster 'c' → cluster 'a'. "
            + "Let one of these end in a fixed answer: Gateway:Routes:one:Fallback, Gateway:Routes:two:Fallback, Gateway:Routes:three:Fallback.",
            only.Message);
    }

    [Theory]
    [InlineData("""{ "Defaults": { "Fallback": { "Cluster": "A" } }, "Clusters": { "a": { } }, "Routes": { "r": { "Match": { "Path": "/r" }, "Cluster": "a" } } }""", "Gateway:Defaults:Fallback")]
    [InlineData("""{ "Clusters": { "a": { } }, "Routes": { "r": { "Match": { "Path": "/r" }, "Cluster": "a", "Fallback": { "Cluster": "a" } } } }""", "Gateway:Routes:r:Fallback")]
    [InlineData("""{ "Defaults": { "Fallback": { "Endpoint": "owm" } }, "Clusters": { "a": { } }, "Routes": { "r": { "Match": { "Path": "/r" }, "Cluster": "a" } } }""", "Gateway:Defaults:Fallback:Endpoint")]
    [InlineData("""{ "Clusters": { "a": { } } }""", "in-code:Fallback")]
    public async Task Error_names_the_place_where_the_fallback_is_written(string section, string path)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(section, map: app =>
        {
            app.MapGatewayRoutes();
            if (path.StartsWith("in-code", StringComparison.Ordinal))
            {
                app.MapGatewayRoute("/code", cluster: "a").WithDisplayName("in-code").WithFallback(new() { Cluster = "a" });
            }
        }));
        Assert.Equal(path, Assert.Single(error.Errors).Path);
    }

    [Fact]
    public async Task Endpoints_of_the_host_are_looked_at_too()
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync("{ }", static app =>
        {
            app.MapGet("/x", static () => "x").WithName("x").WithFallback(new() { Endpoint = "y" });
            app.MapGet("/y", static () => "y").WithName("y").WithFallback(new() { Endpoint = "x" });
            app.MapGet("/z", static () => "z").WithFallback(new() { Cluster = "zz" });
        }));
        Assert.Equal(2, error.Errors.Count);
        Assert.Contains(error.Errors, static one => one.Message.Contains("endpoint 'x' → endpoint 'y' → endpoint 'x'", StringComparison.Ordinal));
        Assert.Contains(error.Errors, static one => one.Message.Contains("There is no cluster 'zz'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cluster_that_a_fallback_of_the_host_needs_cannot_be_taken_away()
    {
        var source = new DynamicRouteSource();
        var spare = new GatewayKit.Clusters.Cluster { Id = "spare" };
        await using var host = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton(source);
                builder.AddRouteSource<DynamicRouteSource>().AddClusters(new GatewayKit.Clusters.Cluster { Id = "other" });
                builder.AddCluster("d");
            },
            map: static app =>
            {
                app.MapGatewayRoutes();
                app.MapGet("/own", static () => "own").WithFallback(new FallbackPolicy { Cluster = "other" });
            });
        Assert.True((await source.ApplyAsync(new() { Clusters = [spare], Routes = [RouteTo("spare")] })).Accepted);
        var rejected = await source.ApplyAsync(new() { Routes = [RouteTo("spare")] });
        Assert.Contains("There is no cluster 'spare'", Assert.Single(rejected.Errors).Message, StringComparison.Ordinal);
        Assert.Contains(":Fallback:Cluster", rejected.Errors[0].Path, StringComparison.Ordinal);

        static GatewayRoute RouteTo(string fallback) => new() { Id = "r", Match = new() { Path = "/r" }, Cluster = "d", Policies = [new FallbackPolicy { Cluster = fallback }] };
    }

    [Theory]
    [InlineData("fallback", ":Fallback:Cluster")]
    [InlineData("mirror", ":Mirror:Cluster")]
    public async Task Cluster_that_an_endpoint_in_code_names_cannot_be_taken_away_either(string policy, string path)
    {
        var clusters = new RouteSet { Clusters = [new() { Id = "d" }, new() { Id = "spare" }] };
        var source = new DynamicRouteSource(initial: clusters);
        await using var host = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton(source);
                builder.AddRouteSource<DynamicRouteSource>();
            },
            map: app =>
            {
                With(app.MapGet("/own", static () => "own"));
                With(app.MapGatewayRoute("/route", "d"));
            });
        var rejected = await source.ApplyAsync(clusters with { Clusters = [new() { Id = "d" }] });
        Assert.Equal(2, rejected.Errors.Count);
        Assert.All(rejected.Errors, error => Assert.True(
            error.Path.EndsWith(path, StringComparison.Ordinal) && error.Message.Contains("There is no cluster 'spare'", StringComparison.Ordinal), error.ToString()));

        void With<T>(T endpoint) where T : IEndpointConventionBuilder => _ = policy == "mirror"
            ? endpoint.WithMirror("spare", percent: 1)
            : endpoint.WithFallback(new FallbackPolicy { Cluster = "spare" });
    }

    private static Task<TestHost> StartAsync(string routes, Action<WebApplication>? map = null) => TestHost.GatewayAsync(
        $$"""{ "Clusters": { "a": { }, "b": { }, "c": { }, "d": { } }, "Routes": {{routes}} }""",
        map: app =>
        {
            app.MapGatewayRoutes();
            app.MapGet("/own", static () => "own").WithName("own");
            app.MapGet("/secret", static () => "secret").WithName("secret").WithMetadata(new AuthorizeAttribute());
            map?.Invoke(app);
        });
}
