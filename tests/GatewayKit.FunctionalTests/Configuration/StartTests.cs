using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.FunctionalTests.Configuration;

public sealed class StartTests
{
    [Fact]
    public async Task The_section_Gateway_of_the_host_is_served()
    {
        await using var destination = await TestHost.StartAsync(map: static app => app.MapGet("/orders/{id}", (string id) => $"order {id}"));
        await using var gateway = await TestHost.GatewayAsync($$"""
            {
              "Clusters": { "orders": { "Destinations": { "a": { "Address": "{{destination.Address}}" } }, "LoadBalancing": "PowerOfTwoChoices" } },
              "Routes": {
                "orders": { "Match": { "Path": "/orders/{**rest}", "Methods": [ "GET" ] }, "Cluster": "orders", "Throttle": { "RequestsPerSecond": 50, "Burst": 100 } },
                "alive": { "Match": { "Path": "/alive" }, "Respond": { "Body": "yes" } }
              }
            }
            """);
        Assert.Equal("order 7", await gateway.Client.GetStringAsync("/orders/7"));
        Assert.Equal("yes", await gateway.Client.GetStringAsync("/alive"));
    }

    [Fact]
    public async Task A_start_fails_with_all_errors_of_all_kinds_at_once()
    {
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            """
            {
              "Pseudonym": "a host",
              "Clusters": { "orders": { "Destinations": { "a": { "Address": "ftp://x" } }, "Timeouts": { "Attempt": "30" } } },
              "Routes": {
                "orders": { "Match": { "Path": "/{" }, "Cluster": "ordres" },
                "other": { "Match": { "Pth": "/a" }, "Respond": {} }
              }
            }
            """,
            map: static app =>
            {
                app.MapGatewayRoutes();
                app.MapGatewayRoute("/mapped", "nowhere");
                app.MapGroup("/outer").MapGroup("/inner").MapGatewayRoute("/mapped", "nowhere");
            }));
        Assert.Equal(
            [
                "Gateway:Clusters:orders:Destinations:a:Address",
                "Gateway:Clusters:orders:Timeouts:Attempt",
                "Gateway:Pseudonym",
                "Gateway:Routes:orders:Cluster",
                "Gateway:Routes:orders:Match:Path",
                "Gateway:Routes:other:Match:Pth",
                "MapGatewayRoute(\"/mapped\"):Cluster",
                "MapGatewayRoute(\"/outer/inner/mapped\"):Cluster",
            ],
            failure.Errors.Select(static error => error.Path).Order(StringComparer.Ordinal));
        Assert.All(failure.Errors, error => Assert.Contains(error.ToString(), failure.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Host_wide_option_is_named_once_by_its_key_or_as_an_option_if_code_has_set_it()
    {
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            """{ "Journal": { "Instance": "a/b", "SegmentBytes": 5, "Personal": { "KeyDirectory": " " } }, "MaxUpgradedConnections": 7 }""",
            static gateway => gateway.Services.PostConfigure<GatewayOptions>(static options => options.MaxUpgradedConnections = 0)));
        Assert.Equal(
            [
                "Gateway:Journal:Instance: Instance 'a/b' is not 1 to 64 letters, digits, '-', '_' and '.', the first of them not '.'.",
                "Gateway:Journal:Personal:KeyDirectory: KeyDirectory is empty; it must be a path.",
                "Gateway:Journal:SegmentBytes: SegmentBytes is 5; it must be from 1048576 to 1073741824.",
                "GatewayOptions:MaxUpgradedConnections: MaxUpgradedConnections is 0; it must be from 1 to 1,000,000.",
            ],
            failure.Errors.Select(static error => error.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_console_of_a_start_that_fails_has_the_errors_without_a_stack_and_not_once_more_from_the_gateway()
    {
        var log = new LogRecorder();
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            """{ "Rotes": {} }""", gateway => gateway.Services.AddLogging(logging => logging.AddProvider(log))));
        Assert.Equal(
            $"GatewayConfigurationException: The gateway's configuration has 1 error:{Environment.NewLine}  Gateway:Rotes: 'Rotes' is not a known key. Did you mean 'Routes'?",
            failure.ToString());
        Assert.Empty(log.Take(1101));
    }

    [Fact]
    public async Task What_made_a_start_fail_is_in_its_exception()
    {
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            """{ "Routes": { "a": { "Match": { "Path": "/a" }, "Respond": {} } } }""",
            map: static app => app.MapGatewayRoutes().Add(static _ => throw new NotSupportedException("A convention's own mistake."))));
        Assert.IsType<NotSupportedException>(failure.GetBaseException());
        Assert.Contains(nameof(NotSupportedException), failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calling_it_twice_with_the_same_section_or_none_is_harmless()
    {
        const string Json = """{ "Edge": { "Pseudonym": "edge-1", "Routes": { "alive": { "Match": { "Path": "/alive" }, "Respond": { "Body": "yes" } } } } }""";
        await using var gateway = await TestHost.StartAsync(
            static builder =>
            {
                builder.Configuration.AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Json)));
                builder.Services.AddApiGateway(builder.Configuration.GetSection("Edge"));
                builder.Services.AddApiGateway(builder.Configuration.GetSection("Edge"));
                builder.Services.AddApiGateway();
                builder.Services.AddApiGateway(static options => options.ProblemTypeBase = "https://example.com/problems/");
            },
            static app => app.MapGatewayRoutes());
        Assert.Equal("yes", await gateway.Client.GetStringAsync("/alive"));
        var options = gateway.App.Services.GetRequiredService<IOptions<GatewayOptions>>().Value;
        Assert.Equal(("edge-1", "https://example.com/problems/"), (options.Pseudonym, options.ProblemTypeBase));
    }

    [Fact]
    public async Task An_id_of_two_sources_is_an_error_that_names_both()
    {
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            """{ "Clusters": { "orders": {} } }""",
            static gateway => gateway.AddCluster("ORDERS", "http://127.0.0.1:9")));
        var error = Assert.Single(failure.Errors);
        Assert.Equal("code:Clusters:ORDERS", error.Path);
        Assert.Equal("The cluster 'ORDERS' comes from two sources: 'Gateway' and 'code'. Remove it from one, or rename it.", error.Message);
    }
}
