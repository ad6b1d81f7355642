using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Pipeline;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.FrameworkFacts;

/// <summary>What ASP.NET Core does with data sources, their changes and what conventions say last, and what the gateway makes of it.</summary>
public sealed class EndpointDataSourceFacts
{
    // A14: endpoints of Map… never change.
    [Fact]
    public async Task Route_added_by_reload_is_served()
    {
        var source = new MemoryRouteSource();
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddTrail().AddSource(source), map: app =>
        {
            app.MapGatewayRoutes().AddTrailFilter("host").WithGatewayPolicy(new TrailPolicy("policy"));
            app.MapGet("/own", () => "own");
        });
        using var missing = await gateway.Client.GetAsync("/new");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);

        source.Set = new() { Routes = [Route("new")] };
        await gateway.ReloadAsync();

        Assert.Equal("host policy", await gateway.Client.GetTrailAsync("/new"));
        var changeable = ((IEndpointRouteBuilder)gateway.App).DataSources.ToDictionary(static source => source.GetType().Name, static source => source.GetChangeToken());
        Assert.False(changeable["RouteEndpointDataSource"].ActiveChangeCallbacks);
        Assert.True(changeable[nameof(GatewayEndpointDataSource)].ActiveChangeCallbacks);
    }

    // A16: the default body of Finally throws.
    [Fact]
    public async Task Finally_on_gateway_routes_is_honoured()
    {
        var source = new MemoryRouteSource { Set = new() { Routes = [Route("a")] } };
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddSource(source), map: app =>
        {
            var group = app.MapGroup("/group");
            ((IEndpointConventionBuilder)group).Finally(endpoint => endpoint.Metadata.Add("group last"));
            group.MapGatewayRoutes().Finally(endpoint => endpoint.Metadata.Add("routes last"));
            group.MapGatewayRoute(Route("code")).Finally(endpoint => endpoint.Metadata.Add("route last"));
        });

        source.Set = new() { Routes = [Route("a"), Route("b")] };
        await gateway.ReloadAsync();

        string[] Of(string id) => [.. Endpoints(gateway).Single(endpoint => endpoint.Metadata.GetMetadata<GatewayRoute>()!.Id == id).Metadata.OfType<string>()];
        Assert.Throws<NotImplementedException>(() => ((IEndpointConventionBuilder)new BareConventionBuilder()).Finally(_ => { }));
        Assert.Equal(["routes last", "group last"], Of("a"));
        Assert.Equal(["routes last", "group last"], Of("b"));
        Assert.Equal(["route last", "group last"], Of("code"));
    }

    // A17: a change rebuilds the matcher; the old one serves meanwhile, and unchanged routes keep their endpoints.
    [Fact]
    public async Task Reload_under_load_fails_no_request()
    {
        var source = new MemoryRouteSource { Set = new() { Routes = [Route("stays", new TrailPolicy("policy"))] } };
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddTrail().AddSource(source), map: app => app.MapGroup("/group").MapGatewayRoutes().AddTrailFilter("host"));
        var endpoint = Endpoints(gateway).Single();
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var served = 0;
            for (; !stop.IsCancellationRequested || served < 10; served++)
            {
                Assert.Equal("policy host", await gateway.Client.GetTrailAsync("/group/stays"));
            }
        })).ToArray();

        for (var reload = 0; reload < 50; reload++)
        {
            source.Set = new() { Routes = [source.Set.Routes[0], Route($"r{reload}")] };
            await gateway.ReloadAsync();
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.Contains(endpoint, Endpoints(gateway));
    }

    // A18: the framework notices metadata without its middleware when a request comes; the gateway notices a policy without its capability at start.
    [Fact]
    public async Task Policy_without_its_capability_fails_at_start()
    {
        await using var host = await TestHost.StartAsync(
            builder => builder.Services.AddAuthorization(), app => app.MapGet("/", () => "own").RequireAuthorization());
        using var late = await host.Client.GetAsync("/");
        Assert.Equal(HttpStatusCode.InternalServerError, late.StatusCode);

        var refusal = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            map: app =>
            {
                app.MapGatewayRoute(Route("a")).WithGatewayPolicy(new ObservePolicy(_ => { }));
                app.MapGet("/own", () => "own").WithGatewayPolicy(new TrailPolicy("t")).WithGatewayPolicy(new NamedPolicy());
            }));

        Assert.Equal(
            [
                new("a (/a)", "ObservePolicy has nothing that serves it. Call builder.Services.AddApiGateway().AddPolicy<ObservePolicy, TFactory>(\"Name\")."),
                new("HTTP: GET /own", "NamedPolicy has nothing that serves it. Call builder.Services.AddApiGateway().AddNamed()."),
                new("HTTP: GET /own", "TrailPolicy has nothing that serves it. Call builder.Services.AddApiGateway().AddPolicy<TrailPolicy, TFactory>(\"Name\")."),
            ],
            refusal.Errors);
    }

    private static IReadOnlyList<Endpoint> Endpoints(TestHost host) => host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints;

    private sealed class BareConventionBuilder : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
        }
    }

    [AddedBy("AddNamed()")]
    private sealed record NamedPolicy : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Admit;

        public PolicyMode Mode => PolicyMode.Enforce;
    }
}
