using GatewayKit.Chaos;
using GatewayKit.Redis;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace GatewayKit.RedisTests;

/// <summary>Servers in trouble. Each test has one of its own.</summary>
public sealed class RedisFailureTests : IAsyncLifetime
{
    private const int RedisUp = 1580;
    private const int RedisDown = 1581;

    private static readonly RateKey Key = new(1, 2, 3);
    private static readonly RateRule Rule = new(RateAlgorithm.TokenBucket, 1_000, TimeSpan.FromSeconds(1), 100);
    private static readonly QuotaRule Lifetime = new(new LifetimeWindow(), 10, 0, 80);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    private readonly RedisServer _server = new();

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Killed_server_is_no_longer_waited_for_and_used_again_when_it_is_back()
    {
        await using var host = await RedisHost.StartAsync(_server.ConnectionString);
        await _server.KillAsync();
        await IsGivenUpAsync(host);
        await _server.RestartAsync();
        await host.IsUpAsync();
        Assert.True((await host.Rates.TakeAsync(Key, Rule, 1, default)).IsAdmitted);
        Assert.Equal([RedisUp, RedisDown, RedisUp], host.Log.Events.Where(static id => id is RedisUp or RedisDown));
    }

    [Fact]
    public async Task Server_that_hangs_is_waited_for_a_few_times_only()
    {
        await using var host = await RedisHost.StartAsync(_server.ConnectionString);
        await using var hasty = await HastyAsync(_server.ConnectionString);
        await _server.HangAsync();
        await IsGivenUpAsync(hasty, typeof(TimeoutException));
        await _server.GoOnAsync();
        await hasty.IsUpAsync();
        Assert.True((await host.Rates.TakeAsync(Key, Rule, 1, default)).IsAdmitted);
    }

    [Fact]
    public async Task Slow_server_is_not_used_until_it_is_fast_again()
    {
        await using var proxy = ChaosProxy.Start(_server.EndPoint);
        await using var host = await HastyAsync($"127.0.0.1:{proxy.EndPoint.Port}");
        proxy.Add("slow", new Latency(TimeSpan.FromMilliseconds(300)));
        await IsGivenUpAsync(host, typeof(TimeoutException));

        // What is asked meanwhile is whether it is fast enough, not whether it is there.
        var probes = await _server.CountAsync("set");
        await Eventually.IsSoAsync(async () =>
        {
            host.Link.Probe();
            return await _server.CountAsync("set") >= probes + 4;
        });
        Assert.False(host.Link.IsUp);
        proxy.Clear();
        await host.IsUpAsync();
    }

    [Fact]
    public async Task Replica_that_may_not_write_counts_as_down()
    {
        await using var host = await RedisHost.StartAsync(_server.ConnectionString);
        await _server.Database.ExecuteAsync("REPLICAOF", "127.0.0.1", "1");
        await IsGivenUpAsync(host);
        await _server.Database.ExecuteAsync("REPLICAOF", "NO", "ONE");
        await host.IsUpAsync();
    }

    [Fact]
    public async Task Server_without_memory_counts_as_down()
    {
        await using var host = await RedisHost.StartAsync(_server.ConnectionString);
        await _server.Database.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        await IsGivenUpAsync(host);
        await _server.Database.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await host.IsUpAsync();
    }

    [Fact]
    public async Task One_probe_at_a_time_finds_out_whether_it_is_back()
    {
        await using var proxy = ChaosProxy.Start(_server.EndPoint);
        await using var host = await HastyAsync($"127.0.0.1:{proxy.EndPoint.Port}", static options => options.ProbeInterval = TimeSpan.FromMilliseconds(10));
        proxy.Add("hole", new BlackHole());
        await IsGivenUpAsync(host);
        var asked = await _server.CountAsync("set");
        for (var i = 0; i < 200; i++)
        {
            host.Link.Probe();
            await Task.Delay(1);
        }

        proxy.Clear();
        await host.IsUpAsync();

        // Two writes of the probe that succeeded; of those before it, and of requests, what was on its way, if the connection has stayed.
        Assert.InRange(await _server.CountAsync("set") - asked, 2, 12);
    }

    [Fact]
    public async Task Emptied_server_gets_its_secret_back_from_who_knows_it()
    {
        await using var host = await RedisHost.StartAsync(_server.ConnectionString);
        var secret = host.Quotas.Secret.ToArray();
        await _server.RestartAsync();
        await Eventually.IsSoAsync(async () =>
        {
            try
            {
                await host.Rates.TakeAsync(Key, Rule, 1, default);
            }
            catch (RedisStoreException)
            {
                // Until it has connected again.
            }

            return host.Link.IsUp && await _server.Database.KeyExistsAsync("gk:secret");
        });
        Assert.Equal(secret, (byte[]?)await _server.Database.StringGetAsync("gk:secret"));
        await using var late = await RedisHost.StartAsync(_server.ConnectionString);
        Assert.Equal(secret, late.Quotas.Secret.ToArray());
    }

    [Fact]
    public async Task Server_that_is_emptied_while_connections_stay_gets_its_secret_back()
    {
        var time = new FakeTimeProvider();
        await using var host = await RedisHost.StartAsync(_server.ConnectionString, services: builder => builder.Services.AddSingleton<TimeProvider>(time));
        var secret = host.Quotas.Secret.ToArray();
        await _server.Database.ExecuteAsync("FLUSHALL");
        time.Advance(TimeSpan.FromSeconds(4));
        await host.Rates.TakeAsync(Key, Rule, 1, default);
        await Eventually.IsSoAsync(() => _server.Database.KeyExistsAsync("gk:secret"));
        Assert.Equal(secret, (byte[]?)await _server.Database.StringGetAsync("gk:secret"));
    }

    [Fact]
    public async Task Step_that_nobody_wants_any_more_is_not_sent()
    {
        await using var host = await RedisHost.StartAsync(_server.ConnectionString);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await host.Quotas.ReserveAsync(new(1, 2, 3), Lifetime, 1, Long, new(canceled: true)));
        Assert.Equal(1, (await host.Quotas.ReserveAsync(new(1, 2, 3), Lifetime, 1, Long, default)).Used);
    }

    [Fact]
    public async Task Reservation_that_was_too_slow_still_tells_what_it_took()
    {
        // The time that it has is over when the test says so, and neither the machine nor the connection loses patience before.
        var time = new FakeTimeProvider();
        await using var host = await RedisHost.StartAsync(_server.ConnectionString, services: builder => builder.Services.AddSingleton<TimeProvider>(time));
        await _server.HangAsync();
        var asked = host.Quotas.ReserveAsync(new(1, 2, 3), Lifetime, 1, Long, default).AsTask();
        time.Advance(Long);
        var late = await Assert.ThrowsAsync<QuotaStoreLateException>(() => asked);
        Assert.False(late.Answer.IsCompleted);
        await _server.GoOnAsync();
        var answer = await late.Answer;
        Assert.Equal((true, 1L, 1L), (answer.IsAccepted, answer.Used, answer.Reservation.Cost));
        Assert.Equal(0, (await host.Quotas.SettleAsync(answer.Reservation, Lifetime, 0, default)).Used);
    }

    [Fact]
    public async Task Key_that_is_no_secret_is_not_used_as_one()
    {
        await _server.Database.StringSetAsync("gk:secret", "short");
        await using var host = await RedisHost.StartWithoutAsync(_server.ConnectionString);
        await Eventually.IsSoAsync(() => host.Log.Events.Contains(RedisDown));
        Assert.Contains("'gk:secret' in Redis is not the secret of a gateway", host.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_does_not_need_the_server_and_uses_it_when_it_comes()
    {
        await _server.KillAsync();
        await using var host = await RedisHost.StartWithoutAsync(_server.ConnectionString);
        Assert.True(host.Quotas.Secret.IsEmpty);
        await Assert.ThrowsAsync<RedisStoreException>(async () => await host.Rates.TakeAsync(Key, Rule, 1, default));
        await Eventually.IsSoAsync(() => host.Log.Events.Contains(RedisDown));
        await _server.RestartAsync();
        await host.IsUpAsync();
        Assert.Equal(32, host.Quotas.Secret.Length);
    }

    [Fact]
    public async Task Wrong_password_counts_as_down_and_is_not_logged()
    {
        await using var guarded = new RedisServer { Settings = ["--requirepass", "the-right-one"] };
        await guarded.InitializeAsync();
        await using var wrong = await RedisHost.StartWithoutAsync($"{guarded.ConnectionString},password=the-wrong-one");
        await Eventually.IsSoAsync(() => wrong.Log.Events.Contains(RedisDown));
        await Assert.ThrowsAsync<RedisStoreException>(async () => await wrong.Rates.TakeAsync(Key, Rule, 1, default));
        Assert.DoesNotContain("the-wrong-one", wrong.Log.ToString(), StringComparison.Ordinal);
        await using var right = await RedisHost.StartAsync($"{guarded.ConnectionString},password=the-right-one");
        Assert.True((await right.Rates.TakeAsync(Key, Rule, 1, default)).IsAdmitted);
        Assert.DoesNotContain("the-right-one", right.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_needs_no_more_rights_than_the_page_says()
    {
        await AddUserAsync(_server);
        await using var host = await RedisHost.StartAsync($"{_server.ConnectionString},user=gateway,password=only-this");
        Assert.True((await host.Rates.TakeAsync(Key, Rule, 1, default)).IsAdmitted);
        Assert.True((await host.Rates.TakeAsync(Key, Rule with { Algorithm = RateAlgorithm.SlidingWindow }, 1, default)).IsAdmitted);
        var rule = new QuotaRule(new RollingWindow(TimeSpan.FromDays(1)), 10, 0, 80);
        var reserved = await host.Quotas.ReserveAsync(new(1, 2, 3), rule, 2, TimeSpan.FromMinutes(1), default);
        Assert.Equal(1, (await host.Quotas.SettleAsync(reserved.Reservation, rule, 1, default)).Used);
    }

    // As when a router between the two has forgotten them: nothing comes, and nobody says so. What is connected anew works, sooner or later.
    [Fact]
    public async Task Connection_that_died_in_silence_is_made_anew()
    {
        await using var proxy = ChaosProxy.Start(_server.EndPoint, seed: 1);
        await using var host = await HastyAsync($"127.0.0.1:{proxy.EndPoint.Port}");
        proxy.Add("forgotten", new BlackHole { Share = 0.7 });
        var made = proxy.Accepted;
        await IsGivenUpAsync(host);
        await host.IsUpAsync();
        Assert.True(proxy.Accepted > made);
    }

    [Fact]
    public async Task Cluster_takes_every_step()
    {
        await using var cluster = new RedisServer { Settings = ["--cluster-enabled", "yes"] };
        await cluster.InitializeAsync();
        await cluster.Database.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        await Eventually.IsSoAsync(async () => $"{await cluster.Database.ExecuteAsync("CLUSTER", "INFO")}".Contains("cluster_state:ok", StringComparison.Ordinal));
        await AddUserAsync(cluster, "+cluster|nodes");
        await using var host = await RedisHost.StartAsync($"{cluster.ConnectionString},user=gateway,password=only-this");
        for (ulong low = 0; low < 50; low++)
        {
            Assert.True((await host.Rates.TakeAsync(new(1, 5, low), Rule, 1, default)).IsAdmitted);
            Assert.True((await host.Rates.TakeAsync(new(1, 5, low), Rule with { Algorithm = RateAlgorithm.SlidingWindow }, 1, default)).IsAdmitted);
            Assert.True((await host.Quotas.ReserveAsync(new(1, 5, low), new(new LifetimeWindow(), 1, 0, 80), 1, TimeSpan.FromMinutes(1), default)).IsAccepted);
        }
    }

    private static Task<RedisResult> AddUserAsync(RedisServer server, params object[] rights) => server.Database.ExecuteAsync(
        "ACL", ["SETUSER", "gateway", "on", ">only-this", "~gk:*", "+get", "+set", "+setnx", "+eval", "+evalsha", "+time", "+ping", "+echo", "+info", "+client|setname", "+client|id", .. rights]);

    private static async Task<RedisHost> HastyAsync(string connectionString, Action<RedisOptions>? configure = null)
    {
        var host = await RedisHost.StartWithoutAsync(connectionString, options =>
        {
            options.Timeout = Short;
            configure?.Invoke(options);
        });
        await host.IsUpAsync();
        return host;
    }

    // As many as it takes fail, and from then on nobody waits: the answer is there before the call returns.
    private static async Task IsGivenUpAsync(RedisHost host, Type? why = null)
    {
        var failed = 0;
        while (host.Link.IsUp)
        {
            try
            {
                // It writes, whatever was taken before.
                await host.Rates.AddAsync(Key, Rule, 1, default);
            }
            catch (RedisStoreException exception) when (exception.InnerException is { } inner)
            {
                failed++;
                Assert.True(why is null || inner.GetType() == why, $"{inner}");
            }
        }

        Assert.InRange(failed, 1, 3);
        var unsent = host.Rates.TakeAsync(Key, Rule, 1, default);
        Assert.True(unsent.IsFaulted || host.Link.IsUp);
        await Assert.ThrowsAsync<RedisStoreException>(async () => await unsent);
    }
}
