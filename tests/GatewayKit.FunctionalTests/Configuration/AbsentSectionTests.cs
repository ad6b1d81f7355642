using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Configuration;

/// <summary>A section of another name than the one that is read.</summary>
public sealed class AbsentSectionTests
{
    private const string Routes = """{ "Routes": { "alive": { "Match": { "Path": "/alive" }, "Respond": {} } } }""";

    [Theory]
    [InlineData($$"""{ "Gateway": {{Routes}} }""", "Gatway", "Did you mean 'Gateway'? ")]
    [InlineData($$"""{ "Proxy": {{Routes}} }""", "Gateway", "Did you mean 'Proxy'? ")]
    [InlineData($$"""{ "A": {{Routes}}, "B": {{Routes}} }""", "Gateway", "")]
    [InlineData($$"""{ "Edge": { "Gateways": {{Routes}} } }""", "Edge:Gateway", "Did you mean 'Gateways'? ")]
    [InlineData("{}", "Gateway", "")]
    public async Task A_section_that_is_named_and_not_there_stops_a_start_without_other_routes(string json, string name, string hint)
    {
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(json, name, static app => app.MapGatewayRoutes()));
        Assert.Equal(
            new ConfigurationError(name, $"The configuration has no section '{name}', and no other source has routes. {hint}To start without routes, write \"{name}\": {{}}."),
            Assert.Single(failure.Errors));
    }

    [Fact]
    public async Task With_routes_from_elsewhere_it_is_a_warning()
    {
        var log = new LogRecorder();
        await using var gateway = await StartAsync(
            $$"""{ "Gateway": {{Routes}} }""",
            "Gatway",
            static app => app.MapGatewayRoutes(),
            log,
            static gateway => gateway.AddRoutes(new GatewayRoute { Id = "r", Match = new() { Path = "/r" }, Respond = new() }));
        Assert.Equal(
            new LogEntry(LogLevel.Warning, 1109, "The configuration has no section 'Gatway', so the gateway reads nothing from it. Did you mean 'Gateway'? It is read as soon as it is there."),
            Assert.Single(log.Take(1109)));
    }

    [Fact]
    public async Task A_host_that_maps_no_configured_routes_is_warned_only()
    {
        var log = new LogRecorder();
        await using var gateway = await StartAsync("{}", "Gateway", static app => app.MapGet("/own", () => "own"), log);
        Assert.Single(log.Take(1109));
    }

    [Fact]
    public async Task An_empty_section_says_that_there_is_nothing()
    {
        var log = new LogRecorder();
        await using var gateway = await StartAsync("""{ "Gateway": {} }""", "Gateway", static app => app.MapGatewayRoutes(), log);
        Assert.Empty(log.Take(1109));
    }

    [Theory]
    [InlineData($$"""{ "Gatewy": {{Routes}} }""", 1)]
    [InlineData("{}", 0)]
    public async Task The_section_that_nobody_named_is_missed_only_if_something_has_nearly_its_name(string json, int warnings)
    {
        var log = new LogRecorder();
        await using var gateway = await StartAsync(json, name: null, static app => app.MapGatewayRoutes(), log);
        Assert.Equal(warnings, log.Take(1109).Count);
    }

    private static Task<TestHost> StartAsync(
        string json, string? name, Action<WebApplication> map, LogRecorder? log = null, Action<GatewayBuilder>? services = null) =>
        TestHost.StartAsync(
            builder =>
            {
                builder.Configuration.AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json)));
                var gateway = name is null ? builder.Services.AddApiGateway() : builder.Services.AddApiGateway(builder.Configuration.GetSection(name));
                services?.Invoke(gateway);
                if (log is not null)
                {
                    builder.Services.AddLogging(logging => logging.AddProvider(log));
                }
            },
            map);
}
