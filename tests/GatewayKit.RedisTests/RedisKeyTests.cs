using System.Globalization;
using GatewayKit.Redis.Rates;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.RedisTests;

/// <summary>What is left in Redis.</summary>
public sealed class RedisKeyTests(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private static readonly RateRule PerSecond = new(RateAlgorithm.TokenBucket, 100, TimeSpan.FromSeconds(1), 10);
    private static readonly RateRule PerWindow = new(RateAlgorithm.SlidingWindow, 10, TimeSpan.FromMilliseconds(100), 10);

    private RedisHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        await server.Server.FlushDatabaseAsync();
        _host = await RedisHost.StartAsync(server.ConnectionString);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Rates_are_gone_when_they_say_nothing_any_more()
    {
        const int Keys = 20_000;
        await Task.WhenAll(Enumerable.Range(0, Keys).Select(async number =>
        {
            var key = new RateKey(1, 5, (ulong)number);
            await _host.Rates.TakeAsync(key, PerSecond, 1, default);
            await _host.Rates.TakeAsync(key, PerWindow, 1, default);
            await _host.Rates.AddAsync(key, PerWindow, -10, default);
        }));
        await Eventually.IsSoAsync(async () => (await KeysAsync()).Length == 0);
    }

    [Fact]
    public async Task Every_key_has_a_time_to_live_but_those_that_must_not_be_forgotten()
    {
        var windows = (QuotaWindow[])
            [new CalendarWindow(CalendarUnit.Month), new AnniversaryWindow(new(2026, 1, 31)), new RollingWindow(TimeSpan.FromDays(30)), new FirstUseWindow(TimeSpan.FromDays(366)), new LifetimeWindow()];
        for (var i = 0; i < windows.Length; i++)
        {
            var rule = new QuotaRule(windows[i], 10, 0, 80);
            var answer = await _host.Quotas.ReserveAsync(new(1, 9, (ulong)i), rule, 2, TimeSpan.FromMinutes(1), default);
            await _host.Quotas.SettleAsync(answer.Reservation, rule, 1, default);
        }

        await _host.Rates.TakeAsync(new(1, 2, 3), new(RateAlgorithm.TokenBucket, 1, TimeSpan.FromDays(365), 1), 1, default);
        var immortal = new List<string>();
        foreach (var key in await KeysAsync())
        {
            if (await server.Database.KeyTimeToLiveAsync(key) is not { } left)
            {
                immortal.Add(key);
            }
            else
            {
                Assert.InRange(left, TimeSpan.Zero, TimeSpan.FromDays(367));
            }
        }

        Assert.Equal([_host.Quotas.NameOf(new(1, 9, 4))], immortal);
    }

    [Fact]
    public void Rates_of_one_caller_are_in_one_slot_and_callers_are_spread()
    {
        string NameOf(ulong rate, ulong high, ulong low) => _host.RedisRates.KeyOf(new(rate, high, low), RateTerms.Of(PerSecond));
        Assert.Equal(Slots.Of(NameOf(1, 5, 6)), Slots.Of(NameOf(2, 5, 6)));
        Assert.NotEqual(NameOf(1, 5, 6), NameOf(2, 5, 6));
        Assert.True(Enumerable.Range(1, 1_000).Select(low => Slots.Of(NameOf(1, 5, (ulong)low))).Distinct().Count() > 900);

        // Those that all requests share are not in one place only because none of them has a caller.
        Assert.True(Enumerable.Range(1, 1_000).Select(rate => Slots.Of(NameOf((ulong)rate, 0, 0))).Distinct().Count() > 900);
        Assert.True(Enumerable.Range(1, 1_000).Select(quota => Slots.Of(_host.Quotas.NameOf(new((ulong)quota, 0, 0)))).Distinct().Count() > 900);
    }

    [Fact]
    public async Task Keys_are_hashes_that_only_the_secret_explains()
    {
        // An address, as a caller may give it: 203.0.113.7.
        const ulong Address = 0xCB007107;
        await _host.Rates.TakeAsync(new(1, Address, 4), PerSecond, 1, default);
        var key = _host.RedisRates.KeyOf(new(1, Address, 4), RateTerms.Of(PerSecond));
        await using var other = await RedisHost.StartAsync(server.ConnectionString, static options => options.Secret = new string('s', 32));
        Assert.NotEqual(key, other.RedisRates.KeyOf(new(1, Address, 4), RateTerms.Of(PerSecond)));
        Assert.Matches("^gk:\\{[0-9a-f]{32}\\}:0000000000000001:gcra:100:1s:10$", key);
        Assert.DoesNotContain(Address.ToString("x", CultureInfo.InvariantCulture), key, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Secret_is_one_for_all_instances_and_never_logged()
    {
        await using var other = await RedisHost.StartAsync(server.ConnectionString);
        var secret = _host.Quotas.Secret.ToArray();
        Assert.Equal(secret, other.Quotas.Secret.ToArray());
        Assert.Equal(secret, (byte[]?)await server.Database.StringGetAsync("gk:secret"));
        await using var set = await RedisHost.StartAsync(server.ConnectionString, static options => options.Secret = "0123456789abcdef0123456789abcdef");
        Assert.NotEqual(secret, set.Quotas.Secret.ToArray());
        Assert.DoesNotContain(Convert.ToHexString(secret), $"{_host.Log}{other.Log}", StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("0123456789abcdef0123456789abcdef", set.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prefixes_keep_gateways_apart()
    {
        await using var other = await RedisHost.StartAsync(server.ConnectionString, static options => options.KeyPrefix = "shop");
        var rule = new RateRule(RateAlgorithm.TokenBucket, 1, TimeSpan.FromHours(1), 1);
        Assert.True((await _host.Rates.TakeAsync(new(1, 2, 3), rule, 1, default)).IsAdmitted);
        Assert.True((await other.Rates.TakeAsync(new(1, 2, 3), rule, 1, default)).IsAdmitted);
        Assert.False((await other.Rates.TakeAsync(new(1, 2, 3), rule, 1, default)).IsAdmitted);
    }

    // Without the secret and what is written to see whether Redis answers.
    private async Task<string[]> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var key in server.Server.KeysAsync(pattern: "*:{*", pageSize: 10_000))
        {
            keys.Add(key.ToString());
        }

        return [.. keys.Where(static key => !key.Contains("{probe}", StringComparison.Ordinal))];
    }

    /// <summary>Where Redis Cluster puts a key: CRC16 of what is in braces.</summary>
    private static class Slots
    {
        public static int Of(string key)
        {
            var (open, crc) = (key.IndexOf('{', StringComparison.Ordinal), 0);
            foreach (var letter in key[(open + 1)..key.IndexOf('}', open)])
            {
                crc ^= letter << 8;
                for (var bit = 0; bit < 8; bit++)
                {
                    crc = ((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xFFFF;
                }
            }

            return crc % 16_384;
        }
    }
}
