using GatewayKit.Redis.Rates;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Tests.Throttling;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.RedisTests.Rates;

public sealed class RedisRateStoreTests(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private static readonly RateKey Key = new(1, 2, 3);

    private readonly List<RedisHost> _instances = [];

    public async ValueTask InitializeAsync()
    {
        await server.Server.FlushDatabaseAsync();
        _instances.Add(await RedisHost.StartAsync(server.ConnectionString));
        _instances.Add(await RedisHost.StartAsync(server.ConnectionString));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var instance in _instances)
        {
            await instance.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(RateAlgorithm.TokenBucket)]
    [InlineData(RateAlgorithm.SlidingWindow)]
    public async Task One_unit_that_many_want_at_two_instances_is_taken_once(RateAlgorithm algorithm)
    {
        var rule = Hourly(algorithm, burst: 10);
        using var race = new Race(runners: 64);
        for (ulong round = 0; round < 500; round++)
        {
            var (key, turn) = (new RateKey(7, 1, round), 0);
            Assert.True((await _instances[0].Rates.TakeAsync(key, rule, 9, default)).IsAdmitted);
            Assert.Equal(1, race.Count(() =>
            {
                var store = _instances[Interlocked.Increment(ref turn) % 2].Rates;
                return store.TakeAsync(key, rule, 1, default).AsTask().GetAwaiter().GetResult().IsAdmitted;
            }));
        }
    }

    [Fact]
    public async Task Instances_share_a_rate()
    {
        var rule = Hourly(RateAlgorithm.TokenBucket, burst: 3);
        Assert.Equal(1, (await _instances[0].Rates.TakeAsync(Key, rule, 2, default)).Remaining);
        Assert.False((await _instances[1].Rates.TakeAsync(Key, rule, 2, default)).IsAdmitted);
        Assert.Equal(2, (await _instances[1].Rates.AddAsync(Key, rule, -1, default)).Remaining);
        Assert.True((await _instances[0].Rates.TakeAsync(Key, rule, 2, default)).IsAdmitted);
    }

    [Fact]
    public async Task Another_rule_starts_anew_at_once()
    {
        await _instances[0].Rates.TakeAsync(Key, Hourly(RateAlgorithm.TokenBucket, burst: 3), 3, default);
        foreach (var rule in (RateRule[])
            [
                Hourly(RateAlgorithm.TokenBucket, burst: 4),
                Hourly(RateAlgorithm.TokenBucket, burst: 3) with { Window = TimeSpan.FromHours(2) },
                Hourly(RateAlgorithm.TokenBucket, burst: 3) with { Limit = 0.5 },
                Hourly(RateAlgorithm.SlidingWindow, burst: 3),
            ])
        {
            Assert.True((await _instances[0].Rates.TakeAsync(Key, rule, 3, default)).IsAdmitted);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    public async Task Cost_that_can_never_be_taken_is_the_callers_to_refuse(long cost) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await _instances[0].Rates.TakeAsync(Key, Hourly(RateAlgorithm.TokenBucket, burst: 3), cost, default));

    [Fact]
    public async Task Scripts_that_were_flushed_are_sent_again_and_no_step_fails()
    {
        var rule = Hourly(RateAlgorithm.TokenBucket, burst: 1_000);
        for (var i = 0; i < 20; i++)
        {
            await server.Server.ScriptFlushAsync();
            Assert.Equal(999 - i, (await _instances[i % 2].Rates.TakeAsync(Key, rule, 1, default)).Remaining);
        }
    }

    [Fact]
    public async Task Step_that_nobody_wants_any_more_is_no_failure_of_the_server()
    {
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        for (var i = 0; i < 10; i++)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _instances[0].Rates.TakeAsync(Key, Hourly(RateAlgorithm.TokenBucket, burst: 3), 1, gone.Token));
        }

        Assert.True(_instances[0].Link.IsUp);
    }

    private static RateRule Hourly(RateAlgorithm algorithm, int burst) => new(algorithm, algorithm is RateAlgorithm.SlidingWindow ? burst : 1, TimeSpan.FromHours(1), burst);
}
