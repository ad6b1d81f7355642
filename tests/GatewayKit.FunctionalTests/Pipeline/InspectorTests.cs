using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.Pipeline;

public sealed class InspectorTests
{
    private static readonly TrailPolicy Admit = new("a") { Stage = GatewayStage.Admit };
    private static readonly TrailPolicy Limit = new("l") { Mode = PolicyMode.Shadow, SlotName = "limit" };

    [Fact]
    public async Task Effective_pipeline_of_every_endpoint_is_shown()
    {
        await using var gateway = await StartAsync();

        Assert.Equal(
            [
                "/code/{**rest}: Admit Trail → cluster orders",
                "HTTP: GET /own /own: Admit Trail → Limit Trail (Shadow) → host endpoint",
                "configured /all/configured: Limit Trail (Shadow) → Protect Trail → answer 200",
                "moved /all/moved: Limit Trail (Shadow) → redirect 308 /new",
            ],
            gateway.App.Services.GetRequiredService<GatewayInspector>().Describe().Split(Environment.NewLine).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Verbose_description_says_what_is_overridden_and_what_is_off()
    {
        await using var gateway = await StartAsync();

        var described = gateway.App.Services.GetRequiredService<GatewayInspector>().Describe(verbose: true);

        var lines = described.Split(Environment.NewLine);
        var own = Array.IndexOf(lines, "HTTP: GET /own /own: Admit Trail → Limit Trail (Shadow) → host endpoint");
        Assert.Equal(
            [
                $"    {Admit}",
                $"    {Limit}",
                $"    overridden: {Limit with { Mode = PolicyMode.Enforce }}",
                $"    off: {Admit with { SlotName = "off", Mode = PolicyMode.Off }}",
            ],
            lines[(own + 1)..(own + 5)]);
    }

    [Fact]
    public async Task Pipelines_are_logged_once_at_start_and_after_a_reload_if_changed()
    {
        var log = new LogRecorder();
        var source = new MemoryRouteSource();
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(log);
                builder.Services.AddApiGateway().AddTrail().AddSource(source);
                source.Set = new() { Routes = [Route("stays", Admit), Route("changes", Admit)] };
            },
            app =>
            {
                app.MapGatewayRoutes();
                app.MapGet("/own", () => "own").WithGatewayPolicy(Admit);
                app.MapGet("/plain", () => "plain");
            });
        Assert.Equal(
            ["HTTP: GET /own /own: Admit Trail → host endpoint", "changes /changes: Admit Trail → answer 200", "stays /stays: Admit Trail → answer 200"],
            Logged());

        source.Set = new() { Routes = [Route("stays", Admit), Route("changes", Limit), Route("new")] };
        await gateway.ReloadAsync();

        Assert.Equal(["changes /changes: Limit Trail (Shadow) → answer 200", "new /new: answer 200"], Logged());

        string[] Logged()
        {
            var entries = log.Take(eventId: 1000);
            Assert.All(entries, static entry => Assert.Equal(LogLevel.Debug, entry.Level));
            return [.. entries.Select(static entry => entry.Message["Pipeline ".Length..^1]).Order(StringComparer.Ordinal)];
        }
    }

    private static Task<TestHost> StartAsync() => TestHost.GatewayAsync(
        services: builder => builder.AddTrail()
            .AddCluster("orders", "http://127.0.0.1:9")
            .AddRoutes(Route("configured", Limit, new TrailPolicy("p") { Stage = GatewayStage.Protect }))
            .AddRoutes(Route("moved", Limit) with { Respond = null, Redirect = new() { To = "/new" } }),
        map: app =>
        {
            app.MapGroup("/all").MapGatewayRoutes();
            app.MapGatewayRoute("/code/{**rest}", "orders").WithGatewayPolicy(Admit);
            app.MapGet("/own", () => "own")
                .WithGatewayPolicy(Limit with { Mode = PolicyMode.Enforce })
                .WithGatewayPolicy(Admit)
                .WithGatewayPolicy(Admit with { SlotName = "off", Mode = PolicyMode.Off })
                .WithGatewayPolicy(Limit);
        });
}
