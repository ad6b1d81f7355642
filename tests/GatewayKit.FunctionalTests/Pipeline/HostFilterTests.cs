using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>Plain endpoint filters and conventions of the host on gateway routes.</summary>
public sealed class HostFilterTests
{
    [Fact]
    public async Task Routes_mapped_by_two_calls_get_the_filters_of_those_that_select_them()
    {
        var source = new MemoryRouteSource { Set = new() { Routes = [Route("a"), Route("b")] } };
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddSource(source), map: app =>
        {
            app.MapGatewayRoutes().AddTrailFilter("all");
            app.MapGatewayRoutes(where: route => route.Id.StartsWith('b')).AddTrailFilter("b");
            var group = app.MapGroup("/group").AddTrailFilter("group");
            group.MapGatewayRoutes(where: route => route.Id == "a").AddTrailFilter("a-in-group");
            group.MapGatewayRoutes(where: route => route.Id.StartsWith('b')).AddTrailFilter("b-in-group");
        });
        await AssertServed();

        source.Set = new() { Routes = [.. source.Set.Routes, Route("b2")] };
        await gateway.ReloadAsync();

        await AssertServed();
        Assert.Equal("all b", await gateway.Client.GetTrailAsync("/b2"));
        Assert.Equal("group b-in-group", await gateway.Client.GetTrailAsync("/group/b2"));

        async Task AssertServed()
        {
            Assert.Equal("all", await gateway.Client.GetTrailAsync("/a"));
            Assert.Equal("all b", await gateway.Client.GetTrailAsync("/b"));
            Assert.Equal("group a-in-group", await gateway.Client.GetTrailAsync("/group/a"));
            Assert.Equal("group b-in-group", await gateway.Client.GetTrailAsync("/group/b"));
        }
    }

    [Fact]
    public async Task Convention_may_wrap_the_delegate_of_a_gateway_route()
    {
        await using var gateway = await TestHost.GatewayAsync(map: app => ((IEndpointConventionBuilder)app.MapGatewayRoute(Route("a"))).Add(endpoint =>
        {
            var inner = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context =>
            {
                Leave(context, "wrapped");
                return inner(context);
            };
        }));

        using var response = await gateway.Client.GetAsync("/a");

        Assert.Equal(("wrapped", "a"), (Of(response), await response.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData("string")]
    [InlineData("object")]
    [InlineData("result")]
    [InlineData("problem")]
    [InlineData("null")]
    [InlineData("typed")]
    public async Task Value_a_filter_returns_is_written_as_the_framework_does(string kind)
    {
        object? Value() => kind switch
        {
            "string" => "text ä",
            "object" => new { Name = "value", Nested = new[] { 1, 2 } },
            "result" => Results.Json(new[] { "x" }, statusCode: 201),
            "problem" => Results.Problem("no", statusCode: 418),
            "typed" => TypedResults.NoContent(),
            _ => null,
        };
        await using var gateway = await TestHost.GatewayAsync(map: app =>
        {
            app.Use((context, next) =>
            {
                context.TraceIdentifier = "trace";
                return next(context);
            });
            app.MapGatewayRoute(Route("route")).AddEndpointFilter((_, _) => new ValueTask<object?>(Value()));

            // The framework writes null for a route handler and nothing for a request delegate; a gateway route is the latter kind.
            app.Map("/own", _ => Task.CompletedTask).AddEndpointFilter((_, _) => new ValueTask<object?>(Value()));
        });

        using var expected = await gateway.Client.GetAsync("/own");
        using var actual = await gateway.Client.GetAsync("/route");

        Assert.Equal(expected.StatusCode, actual.StatusCode);
        Assert.Equal(expected.Content.Headers.ContentType, actual.Content.Headers.ContentType);
        Assert.Equal(await expected.Content.ReadAsStringAsync(), await actual.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Filter_outside_the_pipeline_that_ends_a_request_is_no_decision_of_a_policy()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.AddTrail();
            },
            map: app => app.MapGatewayRoute(Route("a"))
                .AddEndpointFilter((_, _) => new ValueTask<object?>(Results.StatusCode(402)))
                .WithGatewayPolicy(new TrailPolicy("policy")));

        using var response = await gateway.Client.GetAsync("/a");
        var completed = await observer.NextAsync();

        Assert.Equal((402, string.Empty), ((int)response.StatusCode, Of(response)));
        Assert.Equal(402, completed.Status);
        Assert.Empty(completed.Decisions);
    }

    [Fact]
    public async Task Adding_the_gateway_twice_is_harmless()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.AddTrail().AddRoutes(Route("a", new TrailPolicy("policy")));
                builder.Services.AddApiGateway().AddTrail().AddRoutes(Route("b", new TrailPolicy("policy")));
            },
            map: app => app.MapGatewayRoutes().AddTrailFilter("host"));

        Assert.Equal("policy host", await gateway.Client.GetTrailAsync("/a"));
        Assert.Equal("policy host", await gateway.Client.GetTrailAsync("/b"));
        Assert.Equal(("a", "b"), ((await observer.NextAsync()).RouteId, (await observer.NextAsync()).RouteId));
    }

    [Fact]
    public async Task Two_gateways_in_one_process_know_nothing_of_each_other()
    {
        var (firstObserver, secondObserver) = (new AwaitableObserver(), new AwaitableObserver());
        var source = new MemoryRouteSource();
        await using var first = await StartAsync("first", firstObserver, source);
        await using var second = await StartAsync("second", secondObserver, new());

        Assert.Equal("first", await first.Client.GetTrailAsync("/a"));
        Assert.Equal("second", await second.Client.GetTrailAsync("/a"));
        source.Set = new() { Routes = [Route("b")] };
        await first.ReloadAsync();

        Assert.Equal((2, 1), (Revision(first), Revision(second)));
        await firstObserver.NextAsync();
        await secondObserver.NextAsync();
        Assert.Equal((0, 0), (firstObserver.Waiting, secondObserver.Waiting));

        static Task<TestHost> StartAsync(string name, AwaitableObserver observer, MemoryRouteSource source) => TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.AddTrail().AddSource(source).AddRoutes(Route("a", new TrailPolicy(name)));
            });

        static long Revision(TestHost gateway) => gateway.App.Services.GetRequiredService<GatewayConfigurator>().Current.Revision;
    }
}
