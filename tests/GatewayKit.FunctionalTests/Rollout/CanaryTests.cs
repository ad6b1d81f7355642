using System.Net;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Rollout;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Rollout;

/// <summary>Canaries whose share changes by itself.</summary>
public sealed class CanaryTests
{
    private const int CanaryTripped = 1801;

    private static readonly DateTimeOffset Start = new(2026, 3, 1, 9, 0, 0, TimeSpan.Zero);
    private static readonly CanaryShare Ramp = new() { Ramp = new() { Start = Start, Duration = TimeSpan.FromHours(1), Steps = 2 } };

    private readonly FakeTimeProvider _time = new(Start.AddMinutes(-1));

    [Fact]
    public async Task Ramp_takes_more_and_more_and_gives_nobody_back()
    {
        await using var gateway = await SplitGateway.StartAsync(Split(Ramp), _time);
        var clients = Enumerable.Range(0, 60).Select(static i => $"tenant-{i}").ToArray();
        var canaries = new HashSet<string>();
        (int Minutes, int Least, int Most)[] expected = [(0, 0, 0), (31, 15, 45), (61, 60, 60)];
        foreach (var (minutes, least, most) in expected)
        {
            _time.SetUtcNow(Start.AddMinutes(minutes));
            var now = new HashSet<string>();
            foreach (var client in clients)
            {
                if (await gateway.GetAsync(canary: client) == "canary")
                {
                    now.Add(client);
                }
            }

            Assert.Superset(canaries, now);
            Assert.InRange(now.Count, least, most);
            canaries = now;
        }
    }

    [Theory]
    [InlineData(GuardAction.RollBack)]
    [InlineData(GuardAction.Stop)]
    public async Task Canary_that_fails_is_taken_back_and_stays_so_until_it_is_started_anew(GuardAction action)
    {
        _time.SetUtcNow(Start.AddMinutes(31));
        await using var gateway = await SplitGateway.StartAsync(
            Split(Ramp) with { Key = RolloutKey.None, Guard = new() { MinSamples = 20, Action = action } },
            _time,
            canary: static context =>
            {
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                return context.Response.WriteAsync("canary");
            });
        await SendAsync(gateway, 150);

        // The next look; in the second request of it the share is what it was judged to be.
        _time.Advance(TimeSpan.FromSeconds(2));
        await SendAsync(gateway, 1);
        var said = Assert.Single(gateway.Log.Take(CanaryTripped));
        Assert.Contains($"error-rate", said.Message, StringComparison.Ordinal);
        Assert.Contains(action is GuardAction.Stop ? "from 50 to 50 percent" : "from 50 to 0 percent", said.Message, StringComparison.Ordinal);
        await AssertShareAsync(gateway, action is GuardAction.Stop ? 50 : 0);

        // Time does not bring it back, and no reload that does not concern it: not another cluster's, not another setting of the split.
        _time.Advance(TimeSpan.FromHours(2));
        var set = gateway.Source.Set;
        gateway.Source.Set = set with
        {
            Clusters = [.. set.Clusters, new Cluster { Id = "another" }],
            Routes = [set.Routes[0] with { Split = set.Routes[0].Split! with { ResponseHeader = "X-Served-By" } }],
        };
        await gateway.Gateway.ReloadAsync();
        await AssertShareAsync(gateway, action is GuardAction.Stop ? 50 : 0);

        // A new start is a new attempt; its ramp is over by now.
        gateway.Source.Set = set with { Routes = [set.Routes[0] with { Split = Split(Ramp with { Ramp = Ramp.Ramp! with { Start = Start.AddMinutes(1) } }) with { Key = RolloutKey.None } }] };
        await gateway.Gateway.ReloadAsync();
        await AssertShareAsync(gateway, 100);
    }

    [Fact]
    public async Task Guard_in_shadow_mode_says_once_what_it_would_do()
    {
        await using var gateway = await SplitGateway.StartAsync(
            RouteSplit.Between("stable", "canary", 50) with { Key = RolloutKey.None, Guard = new() { MinSamples = 20, Mode = GatewayKit.Pipeline.PolicyMode.Shadow } },
            _time,
            canary: static context =>
            {
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                return Task.CompletedTask;
            });
        await SendAsync(gateway, 150);
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            await SendAsync(gateway, 1);
        }

        Assert.Contains("action none", Assert.Single(gateway.Log.Take(CanaryTripped)).Message, StringComparison.Ordinal);
        await AssertShareAsync(gateway, 50);
    }

    private static RouteSplit Split(CanaryShare share) => new()
    {
        Stable = "stable",
        Canaries = new Dictionary<string, CanaryShare> { ["canary"] = share },
        Key = RolloutKey.Header("X-Canary"),
    };

    private static async Task<int> SendAsync(SplitGateway gateway, int count)
    {
        var canaries = 0;
        for (var i = 0; i < count; i++)
        {
            using var response = await gateway.SendAsync();
            canaries += response.StatusCode is HttpStatusCode.OK && await response.Content.ReadAsStringAsync() == "stable" ? 0 : 1;
        }

        return canaries;
    }

    // Half of 100 give or take five standard deviations.
    private static async Task AssertShareAsync(SplitGateway gateway, int percent)
    {
        var canaries = await SendAsync(gateway, 100);
        Assert.InRange(canaries, percent is 50 ? 25 : percent, percent is 50 ? 75 : percent);
    }
}
