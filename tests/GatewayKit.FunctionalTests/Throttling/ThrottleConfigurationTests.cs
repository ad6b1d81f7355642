using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Throttling;

/// <summary>Throttles from JSON.</summary>
public sealed class ThrottleConfigurationTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Route_from_json_is_throttled_as_it_says()
    {
        await using var gateway = await StartAsync("""
            {
              "Routes": {
                "tenants": {
                  "Match": { "Path": "/tenants" }, "Respond": { "Status": 200 },
                  "Throttle": { "RequestsPerSecond": 0.5, "Burst": 2, "Partition": "Header:X-Tenant" }
                },
                "clients": { "Match": { "Path": "/clients" }, "Respond": { "Status": 200 }, "Throttle": { "RequestsPerSecond": 1, "Burst": 3 } }
              }
            }
            """);
        Assert.Equal(2, await gateway.PassedAsync("/tenants", requests: 4, tenant: "one"));
        Assert.Equal(2, await gateway.PassedAsync("/tenants", requests: 4, tenant: "two"));
        Assert.Equal(3, await gateway.PassedAsync("/clients", requests: 4));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, await gateway.PassedAsync("/tenants", requests: 4, tenant: "one"));
    }

    [Fact]
    public async Task Defaults_hold_for_every_route_that_does_not_say_otherwise()
    {
        await using var gateway = await StartAsync("""
            {
              "Defaults": { "Throttle": { "RequestsPerSecond": 1, "Burst": 3 } },
              "Routes": {
                "plain": { "Match": { "Path": "/plain" }, "Respond": { "Status": 200 } },
                "less": { "Match": { "Path": "/less" }, "Respond": { "Status": 200 }, "Throttle": { "RequestsPerSecond": 1 } },
                "free": { "Match": { "Path": "/free" }, "Respond": { "Status": 200 }, "Throttle": { "RequestsPerSecond": 1, "Mode": "Off" } }
              }
            }
            """);
        Assert.Equal(3, await gateway.PassedAsync("/plain", requests: 5));
        Assert.Equal(1, await gateway.PassedAsync("/less", requests: 5));
        Assert.Equal(5, await gateway.PassedAsync("/free", requests: 5));
    }

    [Theory]
    [InlineData("""{ "RequestsPerSecond": 1, "Burst": 0 }""", "Burst")]
    [InlineData("""{ "RequestsPerSecond": 0 }""", "RequestsPerSecond")]
    [InlineData("""{ "Burst": 1 }""", "RequestsPerSecond")]
    [InlineData("""{ "RequestsPerSecond": 1, "Brust": 1 }""", "Brust")]
    [InlineData("""{ "RequestsPerSecond": 0.001, "Burst": 1000000 }""", "more than a year")]
    [InlineData("""{ "RequestsPerSecond": 1, "Partition": "Consumer" }""", "Known are ClientAddress, Route, Constant and Header:<name>")]
    public async Task Mistake_stops_the_start_and_names_its_path(string throttle, string words)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(
            $$"""{ "Routes": { "orders": { "Match": { "Path": "/orders" }, "Respond": { "Status": 200 }, "Throttle": {{throttle}} } } }"""));
        var only = Assert.Single(error.Errors);
        Assert.StartsWith("Gateway:Routes:orders:Throttle", only.Path, StringComparison.Ordinal);
        Assert.Contains(words, only.ToString(), StringComparison.Ordinal);
    }

    private Task<TestHost> StartAsync(string json) => ThrottledGateway.StartAsync(_time, static app => app.MapGatewayRoutes(), json);
}
