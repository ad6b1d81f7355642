using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>What the start says of settings that go by a caller: which key is to be mended, and once.</summary>
public sealed class CallerErrorsTests
{
    private const string Why = "Partition is Consumer, but nothing on this endpoint finds out who is calling. Add ApiKey, Identity or another policy that does, or take another setting.";

    [Theory]
    [InlineData("""{ "Routes": { "r": { "Match": { "Path": "/x" }, "Respond": {}, "Throttle": { "RequestsPerSecond": 1, "Partition": "Consumer" } } } }""", "Gateway:Routes:r:Throttle")]
    [InlineData("""{ "Routes": { "r": { "Match": { "Path": "/x" }, "Respond": {}, "Quota": { "Limit": 1, "Window": { "Lifetime": true }, "Partition": "Consumer" } } } }""", "Gateway:Routes:r:Quota")]
    [InlineData("""{ "Defaults": { "Throttle": { "RequestsPerSecond": 1, "Partition": "Consumer" } }, "Routes": { "r": { "Match": { "Path": "/x" }, "Respond": {} } } }""", "Gateway:Defaults:Throttle")]
    public async Task Limit_by_consumer_that_nobody_can_go_by_names_its_key_and_its_endpoint(string json, string path)
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(json));
        var error = Assert.Single(failed.Errors);
        Assert.Equal((path, $"On endpoint 'r (/x)': {Why}"), (error.Path, error.Message));
    }

    [Fact]
    public async Task Limit_by_consumer_of_code_names_its_endpoint()
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            "{}",
            map: static app => app.MapGet("/x", static () => Results.Ok()).WithDisplayName("report").WithThrottling(new ThrottlePolicy { RequestsPerSecond = 1, Partition = ThrottlePartition.Consumer })));
        var error = Assert.Single(failed.Errors);
        Assert.Equal(("report", $"Throttle: {Why}"), (error.Path, error.Message));
    }

    [Theory]
    [InlineData("glod", "There is no plan 'glod'. Did you mean 'gold'?")]
    [InlineData("silver", "The product 'orders' has the plans gold, and not 'silver'. Choose one of them, or add it there.")]
    public async Task Plan_that_a_subscription_cannot_have_is_one_error(string plan, string message)
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            $$"""
            {
              "Plans": { "gold": {}, "silver": {} },
              "Products": { "orders": { "Routes": [ "r" ], "Plans": [ "gold" ] } },
              "Consumers": { "acme": { "Subscriptions": { "orders": { "Plan": "{{plan}}" } } } },
              "Routes": { "r": { "Match": { "Path": "/x" }, "Respond": {}, "ApiKey": {} } }
            }
            """));
        var error = Assert.Single(failed.Errors);
        Assert.Equal(("Gateway:Consumers:acme:Subscriptions:orders:Plan", message), (error.Path, error.Message));
    }
}
