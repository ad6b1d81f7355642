using System.Net;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.RedisTests;

/// <summary>Whole gateways that share a server.</summary>
public sealed class SharedGatewayTests : IAsyncLifetime
{
    private const int QuotaUsedUp = 1521;
    private const int Limit = 20;

    private readonly RedisServer _server = new();

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Gateways_admit_together_what_one_may_and_say_so_once()
    {
        await using var one = await StartAsync(patience: TimeSpan.FromSeconds(10));
        await using var other = await StartAsync(patience: TimeSpan.FromSeconds(10));
        var answers = await Task.WhenAll(Enumerable.Range(0, 3 * Limit).Select(i => AskAsync(i % 2 == 0 ? one : other)));
        Assert.Equal(Limit, answers.Count(static status => status is HttpStatusCode.OK));
        Assert.Equal(2 * Limit, answers.Count(static status => status is HttpStatusCode.TooManyRequests));
        Assert.Single(one.Log.Events.Concat(other.Log.Events), static id => id == QuotaUsedUp);
        Assert.DoesNotContain("alice", $"{one.Log}{other.Log}", StringComparison.Ordinal);
        await foreach (var key in _server.Server.KeysAsync())
        {
            Assert.DoesNotContain("alice", key.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("kill")]
    [InlineData("hang")]
    [InlineData("read-only")]
    public async Task Server_in_trouble_fails_no_request_and_each_gateway_keeps_the_limit_by_itself(string trouble)
    {
        await using var gateway = await StartAsync(patience: TimeSpan.FromMilliseconds(50));

        // Somebody else: on a busy machine this one may be counted in memory already.
        Assert.Equal(HttpStatusCode.OK, await AskAsync(gateway, "bob"));
        await (trouble switch
        {
            "kill" => _server.KillAsync(),
            "hang" => _server.HangAsync(),
            _ => _server.Database.ExecuteAsync("REPLICAOF", "127.0.0.1", "1"),
        });
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 3 * Limit; i++)
        {
            answers.Add(await AskAsync(gateway));
        }

        Assert.All(answers, static status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.TooManyRequests, $"{status}"));
        Assert.Equal(Limit, answers.Count(static status => status is HttpStatusCode.OK));

        // What gave up here has counted there.
        await Eventually.IsSoAsync(() => !gateway.Link.IsUp);
    }

    private async Task<RedisHost> StartAsync(TimeSpan patience)
    {
        var host = await RedisHost.StartAsync(
            _server.ConnectionString,
            options => options.Timeout = patience,
            builder => builder.Services.Configure<QuotaOptions>(options => options.StoreTimeout = patience),
            static app => app.MapGet("/", static () => "served").WithQuota(new()
            {
                Limit = Limit,
                Window = new CalendarWindow(CalendarUnit.Year),
                Partition = ThrottlePartition.Header("X-Caller"),
            }));
        return host;
    }

    private static async Task<HttpStatusCode> AskAsync(RedisHost gateway, string caller = "alice")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("X-Caller", caller);
        using var answer = await gateway.Client.SendAsync(request);
        return answer.StatusCode;
    }
}
