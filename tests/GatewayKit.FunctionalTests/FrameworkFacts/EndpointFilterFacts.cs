using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Pipeline;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.FrameworkFacts;

/// <summary>
/// What ASP.NET Core does with endpoint filters and with endpoints that are being built, and what the gateway makes of it. A test that
/// turns red on an update of the framework shows an assumption that no longer holds.
/// </summary>
public sealed class EndpointFilterFacts
{
    // A1: filters also run around a plain RequestDelegate.
    [Fact]
    public async Task Policy_applies_to_a_request_delegate_and_a_route_handler()
    {
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddTrail(), map: app =>
        {
            app.Map("/delegate", context => context.Response.WriteAsync("d")).WithGatewayPolicy(new TrailPolicy("policy"));
            app.MapGet("/handler", () => "h").WithGatewayPolicy(new TrailPolicy("policy"));
            app.Map("/refusing", context => context.Response.WriteAsync("d")).WithGatewayPolicy(new TrailPolicy("policy") { Refuses = true });
        });

        Assert.Equal("policy", await gateway.Client.GetTrailAsync("/delegate"));
        Assert.Equal("policy", await gateway.Client.GetTrailAsync("/handler"));
        using var refused = await gateway.Client.GetAsync("/refusing");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
    }

    // A2: RouteEndpointBuilder.Build() ignores filter factories.
    [Fact]
    public void Route_endpoint_builder_ignores_filter_factories()
    {
        var ran = false;
        var builder = new RouteEndpointBuilder(_ => Task.CompletedTask, RoutePatternFactory.Parse("/"), order: 0);
        builder.FilterFactories.Add((_, next) =>
        {
            ran = true;
            return next;
        });

        builder.Build();

        Assert.False(ran);
    }

    [Fact]
    public async Task Host_filter_on_gateway_routes_runs()
    {
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddRoutes(Route("a"), Route("b")),
            map: app =>
            {
                app.MapGatewayRoutes().AddTrailFilter("all");
                app.MapGatewayRoute(Route("code")).AddTrailFilter("one");
            });

        Assert.Equal("all", await gateway.Client.GetTrailAsync("/a"));
        Assert.Equal("all", await gateway.Client.GetTrailAsync("/b"));
        Assert.Equal("one", await gateway.Client.GetTrailAsync("/code"));
    }

    // A3: what EndpointDataSource does by itself loses a group's filters.
    [Fact]
    public async Task Filter_on_a_group_is_lost_on_a_plain_data_source()
    {
        await using var host = await TestHost.StartAsync(map: app =>
        {
            var group = app.MapGroup("/group").AddTrailFilter("group");
            ((IEndpointRouteBuilder)group).DataSources.Add(
                new DefaultEndpointDataSource(new RouteEndpoint(_ => Task.CompletedTask, RoutePatternFactory.Parse("/plain"), 0, null, null)));
            group.MapGet("/own", () => "own");
        });

        Assert.Equal(string.Empty, await host.Client.GetTrailAsync("/group/plain"));
        Assert.Equal("group", await host.Client.GetTrailAsync("/group/own"));
    }

    [Fact]
    public async Task Filter_on_a_group_runs_for_gateway_routes()
    {
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddTrail().AddRoutes(Route("a")),
            map: app =>
            {
                var outer = app.MapGroup("/outer").AddTrailFilter("outer");
                var inner = outer.MapGroup("/inner").AddTrailFilter("inner").WithGatewayPolicy(new TrailPolicy("policy"));
                inner.MapGatewayRoutes().AddTrailFilter("routes");
            });

        Assert.Equal("outer inner policy routes", await gateway.Client.GetTrailAsync("/outer/inner/a"));
    }

    // A4: group conventions run before those of the endpoint.
    [Fact]
    public async Task Policy_on_the_endpoint_overrides_the_policy_on_its_group()
    {
        static TrailPolicy Policy(string name) => new(name) { SlotName = "one" };
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddTrail().AddDefaults(Policy("defaults")).AddRoutes(Route("a", Policy("route")), Route("b"), Route("c")),
            map: app =>
            {
                app.MapGroup("/group").WithGatewayPolicy(Policy("group")).MapGatewayRoutes();
                app.MapGatewayRoutes();
                var own = app.MapGroup("/own").WithGatewayPolicy(Policy("group"));
                own.MapGet("/endpoint", () => "e").WithGatewayPolicy(Policy("endpoint"));
                own.MapGet("/group", () => "g");
            });

        Assert.Equal("route", await gateway.Client.GetTrailAsync("/group/a"));
        Assert.Equal("group", await gateway.Client.GetTrailAsync("/group/b"));
        Assert.Equal("defaults", await gateway.Client.GetTrailAsync("/c"));
        Assert.Equal("endpoint", await gateway.Client.GetTrailAsync("/own/endpoint"));
        Assert.Equal("group", await gateway.Client.GetTrailAsync("/own/group"));
    }

    // A5: factories compose from last to first; the gateway's one stands where the first policy was added.
    [Theory]
    [InlineData("/route")]
    [InlineData("/own")]
    public async Task Host_filter_added_first_runs_outside_the_pipeline(string path)
    {
        static void Compose(IEndpointConventionBuilder builder) => builder
            .AddTrailFilter("before")
            .WithGatewayPolicy(new TrailPolicy("protect") { Stage = GatewayStage.Protect })
            .AddTrailFilter("after")
            .WithGatewayPolicy(new TrailPolicy("admit") { Stage = GatewayStage.Admit });

        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddTrail(), map: app =>
        {
            Compose(app.MapGatewayRoute(Route("route")));
            Compose(app.MapGet("/own", () => "own"));
        });

        Assert.Equal("before admit protect after", await gateway.Client.GetTrailAsync(path));
    }

    // A6: a factory that returns what it was given costs nothing.
    [Fact]
    public async Task Endpoint_without_policies_keeps_its_own_delegate()
    {
        RequestDelegate own = static context => context.Response.WriteAsync("own");
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddTrail(), map: app =>
        {
            app.Map("/untouched", own).AddEndpointFilterFactory((_, next) => next);
            app.Map("/off", own).WithGatewayPolicy(new TrailPolicy("off") { Mode = PolicyMode.Off });
            app.Map("/on", own).WithGatewayPolicy(new TrailPolicy("on"));
        });

        var delegates = Endpoints(gateway).OfType<RouteEndpoint>().ToDictionary(endpoint => endpoint.RoutePattern.RawText!, endpoint => endpoint.RequestDelegate);
        Assert.Same(own, delegates["/untouched"]);
        Assert.Same(own, delegates["/off"]);
        Assert.NotSame(own, delegates["/on"]);
    }

    // A7: every change makes the framework build its endpoints, and run their factories, again.
    [Fact]
    public async Task Factory_runs_again_for_a_host_endpoint_when_gateway_routes_are_reloaded()
    {
        var source = new MemoryRouteSource();
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddTrail().AddSource(source), map: app =>
        {
            app.MapGatewayRoutes();
            app.MapGet("/own", () => "own").WithGatewayPolicy(new TrailPolicy("policy"));
        });
        var factory = gateway.App.Services.GetRequiredService<TrailFilterFactory>();
        await gateway.Client.GetStringAsync("/own");
        var before = factory.Created;

        source.Set = new() { Routes = [Route("new")] };
        await gateway.ReloadAsync();

        Assert.Equal("policy", await gateway.Client.GetTrailAsync("/own"));
        Assert.True(factory.Created > before);
    }

    // A8: a builder that is kept and given its conventions again stacks filters.
    [Fact]
    public async Task Filter_runs_once_after_endpoints_are_read_three_times()
    {
        var source = new MemoryRouteSource { Set = new() { Routes = [Route("a", new TrailPolicy("policy"))] } };
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddTrail().AddSource(source),
            map: app => app.MapGroup("/group").AddTrailFilter("group").MapGatewayRoutes().AddTrailFilter("host"));

        for (var reading = 0; reading < 3; reading++)
        {
            _ = ((IEndpointRouteBuilder)gateway.App).DataSources.Sum(static dataSource => dataSource.Endpoints.Count);
            source.Set = new() { Routes = [.. source.Set.Routes, Route($"r{reading}")] };
            await gateway.ReloadAsync();
        }

        Assert.Equal("policy group host", await gateway.Client.GetTrailAsync("/group/a"));
    }

    // A9: the factory context shows no metadata; the convention has the builder.
    [Fact]
    public async Task Factory_sees_metadata_of_group_and_endpoint()
    {
        var factory = new MetadataFilterFactory();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton(factory);
                builder.AddPolicy<MetadataPolicy, MetadataFilterFactory>("Metadata");
            },
            map: app =>
            {
                var group = app.MapGroup("/group").WithGatewayPolicy(new MetadataPolicy()).WithMetadata("group");
                group.MapGatewayRoute(Route("a")).WithMetadata("endpoint");
                group.MapGet("/own", () => "own").WithMetadata("endpoint");
            });

        Assert.Equal(["group", "endpoint"], factory.Seen["a"]);
        Assert.Equal(["group", "endpoint"], factory.Seen["HTTP: GET /group/own"]);
    }

    // A10: the invocation context can be derived from, so a request needs one object only.
    [Theory]
    [InlineData("/route")]
    [InlineData("/own")]
    public async Task Host_filter_inside_the_pipeline_gets_the_gateway_context(string path)
    {
        static void Compose(IEndpointConventionBuilder builder) => builder
            .WithGatewayPolicy(new TrailPolicy("policy"))
            .AddEndpointFilter(async (context, next) =>
            {
                Leave(context.HttpContext, $"{context.GetType().Name}:{GatewayContext.From(context).Decisions[0].Policy}");

                // A filter may also pass on a context of its own.
                return await next(new DefaultEndpointFilterInvocationContext(context.HttpContext, [.. context.Arguments]));
            })
            .AddEndpointFilter((context, next) =>
            {
                Leave(context.HttpContext, GatewayContext.From(context).Endpoint.Pattern!);
                return next(context);
            });

        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddTrail(), map: app =>
        {
            Compose(app.MapGatewayRoute(Route("route")));
            Compose(app.MapGet("/own", (HttpContext context) => context.Request.Path.Value));
        });

        Assert.Equal($"policy GatewayContext:Trail {path}", await gateway.Client.GetTrailAsync(path));
    }

    // A12: with an error status set, the framework's chain skips the handler.
    [Fact]
    public async Task Status_set_by_middleware_does_not_skip_a_gateway_route()
    {
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddTrail(), map: app =>
        {
            app.Use((context, next) =>
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return next(context);
            });
            app.MapGet("/own", () => "own").AddTrailFilter("filter");
            app.MapGatewayRoute(Route("route")).WithGatewayPolicy(new TrailPolicy("policy"));
        });

        using var own = await gateway.Client.GetAsync("/own");
        using var route = await gateway.Client.GetAsync("/route");
        Assert.Equal((HttpStatusCode.NotFound, string.Empty), (own.StatusCode, await own.Content.ReadAsStringAsync()));
        Assert.Equal((HttpStatusCode.OK, "route"), (route.StatusCode, await route.Content.ReadAsStringAsync()));
    }

    // A13: the framework executes a result after the outermost filter; the Observe stage executes it itself.
    [Theory]
    [InlineData("/route")]
    [InlineData("/own")]
    public async Task Observer_sees_the_status_of_a_refusal(string path)
    {
        var statuses = new List<(string Filter, int Status, bool Started)>();
        void Compose(IEndpointConventionBuilder builder) => builder
            .AddEndpointFilter(async (context, next) => Note("outside", context, await next(context)))
            .WithGatewayPolicy(new ObservePolicy(context => Note("observer", context, null)))
            .WithGatewayPolicy(new TrailPolicy("refusing") { Refuses = true });

        object? Note(string filter, EndpointFilterInvocationContext context, object? result)
        {
            statuses.Add((filter, context.HttpContext.Response.StatusCode, context.HttpContext.Response.HasStarted));
            return result;
        }

        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddTrail().AddPolicy<ObservePolicy, ObserveFilterFactory>("Observe"),
            map: app =>
            {
                Compose(app.MapGatewayRoute(Route("route")));
                Compose(app.MapGet("/own", () => "own"));
                app.MapGet("/framework", () => "own")
                    .AddEndpointFilter(async (context, next) => Note("framework", context, await next(context)))
                    .AddEndpointFilter((_, _) => ValueTask.FromResult<object?>(Results.StatusCode(429)));
            });

        using (await gateway.Client.GetAsync(path))
        using (await gateway.Client.GetAsync("/framework"))
        {
            Assert.Equal([("observer", 429, true), ("outside", 429, true), ("framework", 200, false)], statuses);
        }
    }

    private static IReadOnlyList<Endpoint> Endpoints(TestHost host) => host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints;

    private sealed record MetadataPolicy : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Admit;

        public PolicyMode Mode => PolicyMode.Enforce;
    }

    private sealed class MetadataFilterFactory : GatewayFilterFactory<MetadataPolicy>
    {
        public Dictionary<string, string[]> Seen { get; } = [];

        protected override EndpointFilterDelegate Create(MetadataPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
        {
            Seen[endpoint.RouteId] = [.. endpoint.Metadata.OfType<string>()];
            return next;
        }
    }
}
