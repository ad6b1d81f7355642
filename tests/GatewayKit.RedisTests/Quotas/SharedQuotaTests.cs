using GatewayKit.Redis.Quotas;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Tests.Throttling;
using GatewayKit.Throttling.Quotas;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.RedisTests.Quotas;

/// <summary>Several instances, whose clocks are as they are, at one server.</summary>
public sealed class SharedQuotaTests(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private static readonly TimeSpan SettleWithin = TimeSpan.FromMinutes(10);

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

    public static TheoryData<QuotaWindow> Windows() =>
        [new CalendarWindow(CalendarUnit.Year, "Asia/Tokyo"), new AnniversaryWindow(new(2020, 1, 1), CalendarUnit.Year), new RollingWindow(TimeSpan.FromDays(366)), new FirstUseWindow(TimeSpan.FromDays(1)), new LifetimeWindow()];

    [Theory]
    [MemberData(nameof(Windows))]
    public void Units_are_taken_once_and_thresholds_are_crossed_once(QuotaWindow window)
    {
        var rule = new QuotaRule(window, Limit: 100, MaxOverage: 10, WarnAtPercent: 80);
        var (key, taken, overage, warnings, limits) = (new QuotaKey(1, 2, 3), 0, 0L, 0, 0);
        using var race = new Race(runners: 64);
        for (var round = 0; round < 4; round++)
        {
            var turn = 0;
            taken += race.Count(() =>
            {
                var answer = _instances[Interlocked.Increment(ref turn) % 2].Quotas.ReserveAsync(key, rule, 1, SettleWithin, default).AsTask().GetAwaiter().GetResult();
                Interlocked.Add(ref overage, answer.Overage);
                Interlocked.Add(ref warnings, answer.Crossed.HasFlag(QuotaThresholds.Warning) ? 1 : 0);
                Interlocked.Add(ref limits, answer.Crossed.HasFlag(QuotaThresholds.Limit) ? 1 : 0);
                return answer.IsAccepted;
            });
        }

        Assert.Equal((110, 10L, 1, 1), (taken, overage, warnings, limits));
    }

    [Fact]
    public async Task Reservation_of_one_instance_is_settled_by_another()
    {
        var rule = new QuotaRule(new CalendarWindow(CalendarUnit.Year), Limit: 100, MaxOverage: 0, WarnAtPercent: 80);
        var reserved = await _instances[0].Quotas.ReserveAsync(new(1, 2, 3), rule, 50, SettleWithin, default);
        Assert.Equal(20, (await _instances[1].Quotas.SettleAsync(reserved.Reservation, rule, 20, default)).Used);
    }

    // Whoever is wrong, the server is in a window of its own time.
    [Fact]
    public async Task Windows_are_those_of_the_servers_clock_whatever_callers_believe()
    {
        var window = new CalendarWindow(CalendarUnit.Day, "Europe/Berlin");
        var rule = new QuotaRule(window, Limit: 100, MaxOverage: 0, WarnAtPercent: 80);
        var now = await server.Server.TimeAsync();
        var used = 0;
        foreach (var skew in (TimeSpan[])[TimeSpan.FromDays(40), TimeSpan.FromDays(-3_000), TimeSpan.Zero, TimeSpan.FromDays(1)])
        {
            var store = new RedisQuotaStore(_instances[0].Link, new FakeTimeProvider(new DateTimeOffset(now, TimeSpan.Zero) + skew));
            var answer = await store.ReserveAsync(new(1, 2, 3), rule, 1, SettleWithin, default);
            Assert.Equal(++used, answer.Used);
            Assert.InRange(answer.Reservation.Window, now.AddHours(-25), await server.Server.TimeAsync());
            Assert.Equal(window.SpanAt(answer.Reservation.Window).End, answer.ResetsAt);
            Assert.Equal(used, (await store.SettleAsync(answer.Reservation, rule, 1, default)).Used);
        }
    }

    [Fact]
    public async Task Clock_that_is_wrong_costs_a_second_step_once_and_not_with_each_key()
    {
        var store = new RedisQuotaStore(_instances[0].Link, new FakeTimeProvider(DateTimeOffset.UnixEpoch));
        var rule = new QuotaRule(new CalendarWindow(CalendarUnit.Year), Limit: 100, MaxOverage: 0, WarnAtPercent: 80);
        await store.ReserveAsync(new(1, 2, 0), rule, 1, SettleWithin, default);
        var before = await server.CountAsync("get");
        for (ulong low = 1; low <= 20; low++)
        {
            Assert.True((await store.ReserveAsync(new(1, 2, low), rule, 1, SettleWithin, default)).IsAccepted);
        }

        Assert.Equal(20, await server.CountAsync("get") - before);
    }

    [Fact]
    public async Task Costs_beyond_every_number_are_refused_or_capped()
    {
        var rule = new QuotaRule(new LifetimeWindow(), Limit: 1_000_000_000_000_000, MaxOverage: 1_000_000_000_000_000, WarnAtPercent: 80);
        Assert.False((await _instances[0].Quotas.ReserveAsync(new(1, 2, 3), rule, long.MaxValue, SettleWithin, default)).IsAccepted);
        var all = await _instances[0].Quotas.ReserveAsync(new(1, 2, 3), rule, rule.Capacity, SettleWithin, default);
        Assert.Equal((rule.Capacity, rule.MaxOverage), (all.Used, all.Overage));
        var settled = await _instances[0].Quotas.SettleAsync(all.Reservation, rule, rule.Capacity + 1, default);
        Assert.Equal(rule.Capacity + 1, settled.Used);
        Assert.Equal(1L << 52, (await _instances[0].Quotas.SettleAsync(all.Reservation, rule, long.MaxValue, default)).Used);
    }
}
