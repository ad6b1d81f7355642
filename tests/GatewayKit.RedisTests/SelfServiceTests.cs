using System.Globalization;
using System.Text.Json.Nodes;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Pipeline;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Sharing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace GatewayKit.RedisTests;

/// <summary>What callers see of limits that instances share, with the real server.</summary>
public sealed class SelfServiceTests : IAsyncLifetime
{
    private static readonly ApiKey Key = ApiKey.Create();

    // So slow that nothing comes back while the test runs.
    private static readonly Plan Shared = new()
    {
        Id = "shared",
        Policies =
        [
            new ThrottlePolicy { Limit = 60, Window = TimeSpan.FromDays(300), Burst = 60, Sharing = RateSharing.Synchronous },
            new QuotaPolicy { Limit = 100, Window = new LifetimeWindow() },
        ],
    };

    private readonly RedisServer _server = new();

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Instance_tells_what_requests_of_another_have_taken_and_looking_writes_nothing()
    {
        await using var one = await StartAsync();
        await using var other = await StartAsync();
        Assert.Equal(["60 of 60", "100 of 100"], await LookAsync(other));
        for (var i = 0; i < 7; i++)
        {
            using var answer = await SendAsync(one, "/orders");
            Assert.Equal(200, (int)answer.StatusCode);
        }

        await AgeRateAsync(TimeSpan.FromHours(1));
        Assert.Equal(["53 of 60", "93 of 100"], await LookAsync(other));
        var before = await DumpAsync();
        Assert.NotEmpty(before);
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(["53 of 60", "93 of 100"], await LookAsync(i % 2 == 0 ? one : other));
        }

        Assert.Equal(before, await DumpAsync());
    }

    [Fact]
    public async Task Without_the_server_it_is_unknown_and_the_rest_is_told()
    {
        await using var gateway = await StartAsync(patience: TimeSpan.FromMilliseconds(500));

        // Half a second is little for a machine that is busy when it connects.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var known = await LookAsync(gateway);
        while (known[0] is "unknown of 60" || known[1] is "unknown of 100")
        {
            limit.Token.ThrowIfCancellationRequested();
            known = await LookAsync(gateway);
        }

        Assert.Equal(["60 of 60", "100 of 100"], known);
        await _server.KillAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(["unknown of 60", "unknown of 100"], await LookAsync(gateway));
        }
    }

    private Task<RedisHost> StartAsync(TimeSpan? patience = null) => RedisHost.StartAsync(
        _server.ConnectionString,
        options => options.Timeout = patience ?? TimeSpan.FromSeconds(10),
        static builder => builder.Services.AddApiGateway().AddConsumers([new() { Id = "acme", Plan = "shared", Keys = [Key.ToStored()] }], [Shared]),
        static app =>
        {
            app.MapGet("/orders", static () => "served").RequireApiKey();
            app.MapGatewaySelfService().RequireApiKey().WithThrottling(new() { RequestsPerSecond = 100_000, Burst = 100_000, Partition = ThrottlePartition.Consumer });
        });

    private static async Task<string[]> LookAsync(RedisHost gateway)
    {
        using var answer = await SendAsync(gateway, "/me");
        var limits = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["general"]!["limits"]!.AsArray();
        return [.. limits.Select(static limit => string.Create(CultureInfo.InvariantCulture, $"{((bool)limit!["isKnown"]! ? (string)limit["remaining"]!.ToJsonString() : "unknown")} of {(double)limit["limit"]!}"))];
    }

    private static async Task<HttpResponseMessage> SendAsync(RedisHost gateway, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "X-Api-Key", Key.Reveal() } } };
        return await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    // As if it had been so long ago: a clock that is set back a little while the test runs would take a unit else, and none comes back in that time.
    private async Task AgeRateAsync(TimeSpan age)
    {
        var aged = 0;
        await foreach (var key in _server.Server.KeysAsync())
        {
            if (((string?)await _server.Database.StringGetAsync(key))?.Split(' ') is [var at, var owed] && long.TryParse(at, CultureInfo.InvariantCulture, out var last))
            {
                await _server.Database.StringSetAsync(key, string.Create(CultureInfo.InvariantCulture, $"{last - (long)age.TotalMicroseconds} {owed}"), Expiration.KeepTtl);
                aged++;
            }
        }

        Assert.Equal(1, aged);
    }

    // All keys with what they hold.
    // But the one by which a gateway sees whether the server is well, which comes and goes by itself.
    private async Task<string[]> DumpAsync()
    {
        var all = new List<string>();
        await foreach (var key in _server.Server.KeysAsync())
        {
            if (key != "gk:{probe}")
            {
                all.Add($"{key} {await _server.Database.StringGetAsync(key)}");
            }
        }

        return [.. all.Order(StringComparer.Ordinal)];
    }
}
