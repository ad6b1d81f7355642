using GatewayKit.Clusters;
using GatewayKit.Clusters.Balancing;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;

namespace GatewayKit.FunctionalTests.Clusters.Balancing;

public sealed class BalancingTests
{
    [Fact]
    public async Task Requests_with_one_value_of_a_header_go_to_one_destination()
    {
        await using var fleet = await NamedFleet.StartAsync(ByTenant, "a", "b", "c", "d");
        var homes = new Dictionary<string, string>();
        for (var round = 0; round < 3; round++)
        {
            for (var tenant = 0; tenant < 40; tenant++)
            {
                var name = await fleet.AskAsync("X-Tenant", $"tenant-{tenant}");
                Assert.Equal(homes.TryAdd($"tenant-{tenant}", name) ? name : homes[$"tenant-{tenant}"], name);
            }
        }

        Assert.Equal(4, homes.Values.Distinct().Count());

        // On a change only the keys of the one that left move.
        await fleet.ReloadAsync("a", "b", "d");
        foreach (var (tenant, home) in homes)
        {
            var name = await fleet.AskAsync("X-Tenant", tenant);
            Assert.True(home == "c" ? name != "c" : name == home, $"{tenant} went from {home} to {name}.");
        }
    }

    [Fact]
    public async Task Two_gateways_send_a_key_to_the_same_destination()
    {
        await using var one = await NamedFleet.StartAsync(ByTenant, "a", "b", "c", "d");
        await using var other = await NamedFleet.StartAsync(ByTenant, "a", "b", "c", "d");
        for (var tenant = 0; tenant < 40; tenant++)
        {
            Assert.Equal(await one.AskAsync("X-Tenant", $"{tenant}"), await other.AskAsync("X-Tenant", $"{tenant}"));
        }
    }

    [Fact]
    public async Task Request_without_the_key_goes_anywhere()
    {
        await using var fleet = await NamedFleet.StartAsync(ByTenant, "a", "b", "c", "d");
        var names = new HashSet<string>();
        for (var i = 0; i < 100; i++)
        {
            names.Add(await fleet.AskAsync());
        }

        // That one of four is never met in 100 has a chance of 1 in 10^12.
        Assert.Equal(4, names.Count);
    }

    [Fact]
    public async Task Turns_go_on_over_a_reload()
    {
        await using var fleet = await NamedFleet.StartAsync(static cluster => cluster with { LoadBalancing = LoadBalancing.RoundRobin }, "a", "b");
        var first = await fleet.AskAsync();
        for (var i = 0; i < 6; i++)
        {
            await fleet.ReloadAsync(cluster => cluster with { Timeouts = new() { Idle = TimeSpan.FromSeconds(60 + i) } });
            Assert.Equal(i % 2 == 0 ? first == "a" ? "b" : "a" : first, await fleet.AskAsync());
        }
    }

    [Fact]
    public async Task Second_tier_serves_while_the_first_drains()
    {
        await using var fleet = await NamedFleet.StartAsync(static cluster => cluster, "a", "b");
        await fleet.ReloadAsync(cluster => cluster with
        {
            Destinations = new Dictionary<string, Destination> { ["a"] = fleet.At("a") with { Priority = 1 }, ["b"] = fleet.At("b") },
        });
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("b", await fleet.AskAsync());
        }

        fleet.Clusters.Drain("fleet", "b");
        Assert.Equal("a", await fleet.AskAsync());
        fleet.Clusters.Undrain("fleet", "b");
        Assert.Equal("b", await fleet.AskAsync());
    }

    [Theory]
    [InlineData("\"LoadBalancing\": \"ConsistentHash\"", "Hash", "needs to know what to hash")]
    [InlineData("\"Hash\": { \"Key\": \"Path\" }", "Hash", "has no effect with PowerOfTwoChoices")]
    [InlineData("\"LoadBalancing\": \"ConsistentHash\", \"Hash\": { \"Key\": \"Path\", \"BoundedLoad\": 1 }", "Hash:BoundedLoad", "from 1.01 to 100")]
    [InlineData("\"LoadBalancing\": \"ConsistentHash\", \"Hash\": { \"Key\": \"Way\" }", "Hash:Key", "Header:<name>")]
    [InlineData("\"Affinity\": { \"Mode\": \"Off\", \"Cookie\": { \"Name\": \"a b\" } }", "Affinity:Cookie:Name", "is not the name of a cookie")]
    [InlineData("\"Affinity\": { \"Mode\": \"Off\", \"Cookie\": { \"Path\": \"a;b\" } }", "Affinity:Cookie:Path", "begins with a slash")]
    [InlineData("\"Affinity\": { \"Mode\": \"Off\", \"Cookie\": { \"Domain\": \"a;b\" } }", "Affinity:Cookie:Domain", "is not a domain")]
    [InlineData("\"Affinity\": { \"Mode\": \"Off\", \"Cookie\": { \"MaxAge\": \"500.00:00:00\" } }", "Affinity:Cookie:MaxAge", "400.00:00:00")]
    [InlineData("\"Affinity\": { \"Mode\": \"Off\", \"Cookie\": { \"SameSite\": \"None\", \"Secure\": \"None\" } }", "Affinity:Cookie:Secure", "Always")]
    [InlineData("\"Affinity\": { \"Mode\": \"Off\", \"Header\": { \"Name\": \"a b\" } }", "Affinity:Header:Name", "is not a header name")]
    [InlineData("\"Affinity\": { \"Mode\": \"Off\", \"Header\": { \"Name\": \"host\" } }", "Affinity:Header:Name", "the host has a setting of its own")]
    [InlineData("\"Affinity\": { \"Mode\": \"Off\", \"Header\": { \"Name\": \"Connection\" } }", "Affinity:Header:Name", "Name a field of your own, such as X-Session.")]
    [InlineData("\"Affinity\": { \"Mode\": \"Off\", \"Header\": { \"Name\": \"a\" }, \"Cookie\": { } }", "Affinity:Header", "Take one of the two out")]
    public async Task Settings_that_make_no_sense_are_errors_that_say_what_would(string settings, string path, string message)
    {
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync($$"""{ "Clusters": { "c": { {{settings}} } } }"""));
        var error = Assert.Single(failure.Errors);
        Assert.Equal("Gateway:Clusters:c:" + path, error.Path);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static Cluster ByTenant(Cluster cluster) => cluster with
    {
        LoadBalancing = LoadBalancing.ConsistentHash,
        Hash = new() { Key = HashKey.Header("X-Tenant") },
    };
}
