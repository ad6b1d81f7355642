using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>A policy is applied or the host does not start.</summary>
public sealed class StartCheckTests
{
    [Theory]
    [InlineData("late")]
    [InlineData("late in group")]
    [InlineData("late on route")]
    [InlineData("late beside another")]
    public async Task Policy_added_in_finally_stops_the_start(string how)
    {
        void AddLate(IEndpointConventionBuilder builder) => builder.Finally(endpoint => endpoint.AddGatewayPolicy(new TrailPolicy("late")));
        var errors = await ErrorsAsync(app =>
        {
            switch (how)
            {
                case "late":
                    AddLate(app.MapGet("/own", () => "own"));
                    break;
                case "late in group":
                    var group = app.MapGroup("/group");
                    group.MapGet("/own", () => "own");
                    AddLate(group);
                    break;
                case "late on route":
                    AddLate(app.MapGatewayRoute(Route("route")));
                    break;
                default:
                    AddLate(app.MapGet("/own", () => "own").WithGatewayPolicy(new TrailPolicy("in time")));
                    break;
            }
        });

        var error = Assert.Single(errors);
        Assert.Equal(how switch { "late in group" => "HTTP: GET /group/own", "late on route" => "route (/route)", _ => "HTTP: GET /own" }, error.Path);
        Assert.StartsWith("TrailPolicy ", error.Message, StringComparison.Ordinal);
        if (how.Contains("route", StringComparison.Ordinal) || how.Contains("beside", StringComparison.Ordinal))
        {
            Assert.Contains("Finally()", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Policy_that_is_only_metadata_stops_the_start()
    {
        var errors = await ErrorsAsync(app => app.MapGet("/own", () => "own").WithMetadata(new TrailPolicy("metadata")));

        Assert.Equal("HTTP: GET /own", Assert.Single(errors).Path);
    }

    [Fact]
    public async Task Policy_on_an_endpoint_that_runs_no_filters_stops_the_start()
    {
        var errors = await ErrorsAsync(app => ((IEndpointRouteBuilder)app).DataSources.Add(new DefaultEndpointDataSource(
            new RouteEndpoint(_ => Task.CompletedTask, RoutePatternFactory.Parse("/"), 0, new(new TrailPolicy("metadata")), "foreign"))));

        Assert.Equal("foreign", Assert.Single(errors).Path);
    }

    [Fact]
    public async Task All_faults_of_all_endpoints_are_reported_at_once()
    {
        var errors = await ErrorsAsync(app =>
        {
            app.MapGet("/late", () => "own").Finally(endpoint => endpoint.AddGatewayPolicy(new TrailPolicy("late")));
            app.MapGet("/missing", () => "own").WithGatewayPolicy(new MissingPolicy());
            app.MapGatewayRoute(Route("route")).WithGatewayPolicy(new MissingPolicy());
        });

        Assert.Equal(["HTTP: GET /late", "HTTP: GET /missing", "route (/route)"], errors.Select(static error => error.Path).Order());
    }

    [Fact]
    public async Task Reload_with_a_fault_keeps_what_is_served()
    {
        var source = new MemoryRouteSource { Set = new() { Routes = [Route("good")] } };
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddTrail().AddSource(source),
            map: app => app.MapGatewayRoutes().Finally(static endpoint =>
            {
                if (endpoint.DisplayName!.StartsWith("bad", StringComparison.Ordinal))
                {
                    endpoint.AddGatewayPolicy(new TrailPolicy("late"));
                }
            }));

        source.Set = new() { Routes = [Route("new"), Route("bad")] };
        var result = await gateway.App.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync();

        Assert.False(result.Accepted);
        Assert.StartsWith("bad (/bad): TrailPolicy was added when the pipeline had been built", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
        Assert.Equal("good", await gateway.Client.GetStringAsync("/good"));
        using var response = await gateway.Client.GetAsync("/new");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Policy_that_is_off_needs_no_capability()
    {
        await using var gateway = await TestHost.GatewayAsync(
            map: app => app.MapGatewayRoute(Route("route")).WithGatewayPolicy(new MissingPolicy { Mode = PolicyMode.Off }));

        Assert.Equal("route", await gateway.Client.GetStringAsync("/route"));
    }

    private static async Task<IReadOnlyList<ConfigurationError>> ErrorsAsync(Action<WebApplication> map)
    {
        var refusal = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(services: builder => builder.AddTrail(), map: map));
        Assert.All(refusal.Errors, error => Assert.Contains(error.ToString(), refusal.Message, StringComparison.Ordinal));
        return refusal.Errors;
    }

    private sealed record MissingPolicy : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Admit;

        public PolicyMode Mode { get; init; }
    }
}
