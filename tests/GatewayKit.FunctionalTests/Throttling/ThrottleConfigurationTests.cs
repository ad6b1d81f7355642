using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
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
    [InlineData("""{ "RequestsPerSecond": 1, "Limit": 60, "Window": "00:01:00" }""", "RequestsPerSecond stands beside Limit")]
    [InlineData("""{ "Limit": 60 }""", "Throttle:Window: Window is missing")]
    [InlineData("""{ "Limit": 60, "Window": "00:01:00", "Burst": 9, "Algorithm": "SlidingWindow" }""", "Throttle:Burst: Burst is of no use")]
    [InlineData("""{ "RequestsPerSecond": 1, "Cost": "free" }""", "may be a whole number, ContentLength or Header:<name>")]
    [InlineData("""[ { "RequestsPerSecond": 100, "Name": "a" }, { "Limit": 99, "Window": "00:01:00", "Name": "b" } ]""", "The limit is 99 in 00:01:00 with a burst of 10, and 100 in the shorter 00:00:01 with one of 10, of the same partition, ClientAddress")]
    [InlineData("""[ { "RequestsPerSecond": 1 }, { "Limit": 60, "Window": "01:00:00" } ]""", "Throttle:Name: Clients know another Throttle of this endpoint by the name 'address', too")]
    [InlineData("""{ "RequestsPerSecond": 0.001, "Burst": 1000000 }""", "more than a year")]
    [InlineData("""{ "RequestsPerSecond": 1, "Partition": "Moon" }""", "Known are Consumer, ClientAddress, Route, Constant, Header:<name> and Claim:<type>, and up to 4 of them with + between")]
    public async Task Mistake_stops_the_start_and_names_its_path(string throttle, string words)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(
            $$"""{ "Routes": { "orders": { "Match": { "Path": "/orders" }, "Respond": { "Status": 200 }, "Throttle": {{throttle}} } } }"""));
        var only = Assert.Single(error.Errors);
        Assert.StartsWith("Gateway:Routes:orders:Throttle", only.Path, StringComparison.Ordinal);
        Assert.Contains(words, only.ToString(), StringComparison.Ordinal);
    }

    // The first of each pair is of use: for a peak that the second would let through, or for another thing.
    [Theory]
    [InlineData("""{ "RequestsPerSecond": 100, "Burst": 10 }""", """{ "Limit": 60, "Window": "00:01:00", "Burst": 60 }""")]
    [InlineData("""{ "RequestsPerSecond": 100, "Burst": 10 }""", """{ "Limit": 60, "Window": "00:01:00", "Algorithm": "SlidingWindow" }""")]
    [InlineData("""{ "RequestsPerSecond": 100 }""", """{ "Limit": 50, "Window": "00:01:00", "CostName": "cpu-seconds" }""")]
    [InlineData("""{ "Limit": 60, "Window": "00:01:00" }""", """{ "Limit": 100000000, "Window": "00:01:00", "Cost": "ContentLength" }""")]
    public async Task Limits_that_are_both_of_use_go_together(string first, string second)
    {
        await using var gateway = await StartAsync(
            $$"""
            {
              "Routes": {
                "a": { "Match": { "Path": "/a" }, "Respond": { "Status": 200 }, "Throttle": [ {{first}}, {{second[..^1]}}, "Name": "second" } ] }
              }
            }
            """);
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1));
    }

    [Fact]
    public async Task Every_setting_can_be_said_in_json()
    {
        await using var gateway = await StartAsync("""
            {
              "Routes": {
                "a": {
                  "Match": { "Path": "/a" }, "Respond": { "Status": 200 },
                  "Throttle": [
                    { "RequestsPerSecond": 2, "Burst": 4, "MaxDelay": "00:00:00.1", "Cost": 2, "Partition": "Route" },
                    { "Limit": 20, "Window": "00:01:00", "Algorithm": "SlidingWindow", "Cost": "Header:X-Cost", "Partition": "Route", "Name": "minute" }
                  ]
                }
              }
            }
            """);
        Assert.Equal(2, await gateway.PassedAsync("/a", requests: 3));
    }

    [Fact]
    public async Task Contradiction_of_a_group_and_an_endpoint_in_code_is_found()
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => ThrottledGateway.StartAsync(_time, static app =>
        {
            var group = app.MapGroup("/group").WithThrottling(limit: 100, TimeSpan.FromHours(1));
            group.MapGet("/own", static () => "own").WithName("own").WithThrottling(new() { Limit = 200, Window = TimeSpan.FromMinutes(1), Name = "minute" });
            app.MapGet("/other", static () => "own").WithName("other").WithThrottling(new() { RequestsPerSecond = 1, Name = "day" })
                .WithQuota(10, new CalendarWindow(CalendarUnit.Day));
        }, services: static builder => builder.Services.AddSingleton<IQuotaStore, InMemoryQuotaStore>()));
        Assert.Contains("The limit is 100 in 01:00:00 with a burst of 10, and 200 in the shorter 00:01:00 with one of 20", error.Message, StringComparison.Ordinal);
        Assert.Contains("Clients know a Throttle of this endpoint by the name 'day', too", error.Message, StringComparison.Ordinal);
    }

    private Task<TestHost> StartAsync(string json) => ThrottledGateway.StartAsync(_time, static app => app.MapGatewayRoutes(), json);
}
