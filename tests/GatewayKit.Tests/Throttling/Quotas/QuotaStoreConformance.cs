using GatewayKit.Throttling.Quotas;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling.Quotas;

/// <summary>What every store has to do.</summary>
public abstract class QuotaStoreConformance
{
    private static readonly TimeSpan SettleWithin = TimeSpan.FromMinutes(10);
    private static readonly QuotaRule Daily = new(new CalendarWindow(CalendarUnit.Day), Limit: 10, MaxOverage: 0, WarnAtPercent: 80);

    protected FakeTimeProvider Time { get; } = new(new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));

    protected abstract IQuotaStore Store { get; }

    [Fact]
    public void Secret_is_long_enough() => Assert.True(Store.Secret.Length >= 32);

    [Fact]
    public async Task Keys_are_counted_apart()
    {
        Assert.Equal(4, (await ReserveAsync(new(1, 2, 3), 4)).Used);
        Assert.Equal(5, (await ReserveAsync(new(1, 2, 4), 5)).Used);
        Assert.Equal(6, (await ReserveAsync(new(2, 2, 3), 6)).Used);
        Assert.Equal(5, (await ReserveAsync(new(1, 2, 3), 1)).Used);
    }

    [Fact]
    public async Task Settlement_corrects_the_reservation()
    {
        var key = new QuotaKey(1, 2, 3);
        var reserved = await ReserveAsync(key, 8);
        Assert.True(reserved.IsAccepted);
        Assert.Equal(key, reserved.Reservation.Key);
        Assert.Equal(8, reserved.Reservation.Cost);
        Assert.Equal(Time.GetUtcNow() + SettleWithin, reserved.Reservation.ExpiresAt);
        Assert.Equal(3, (await Store.SettleAsync(reserved.Reservation, Daily, 3, default)).Used);
        Assert.True((await ReserveAsync(key, 7)).IsAccepted);
        Assert.False((await ReserveAsync(key, 1)).IsAccepted);
    }

    [Fact]
    public async Task Settlement_of_a_window_that_is_over_is_not_accepted()
    {
        var key = new QuotaKey(1, 2, 3);
        var reserved = await ReserveAsync(key, 8);
        Time.Advance(TimeSpan.FromDays(1));
        Assert.False((await Store.SettleAsync(reserved.Reservation, Daily, 0, default)).IsAccepted);
        Assert.Equal(2, (await ReserveAsync(key, 2)).Used);
        Assert.False((await Store.SettleAsync(reserved.Reservation, Daily, 0, default)).IsAccepted);
        Assert.Equal(3, (await ReserveAsync(key, 1)).Used);
    }

    [Fact]
    public async Task Step_tells_when_to_come_back()
    {
        var answer = await ReserveAsync(new(1, 2, 3), 10);
        Assert.Equal(new DateTimeOffset(2026, 3, 11, 0, 0, 0, TimeSpan.Zero), answer.ResetsAt);
        Assert.Equal(answer.ResetsAt - Time.GetUtcNow(), answer.ResetsAfter);
        Assert.Equal(TimeSpan.FromHours(12), (await ReserveAsync(new(1, 2, 3), 1)).RetryAfter);
    }

    [Fact]
    public async Task Reading_tells_what_is_used_and_when_it_comes_back()
    {
        var key = new QuotaKey(1, 2, 3);
        Assert.Equal(new QuotaAnswer { IsAccepted = true }, await Store.ReadAsync(key, Daily, default));
        await ReserveAsync(key, 7);
        Assert.Equal(
            new QuotaAnswer { IsAccepted = true, Used = 7, ResetsAt = new DateTimeOffset(2026, 3, 11, 0, 0, 0, TimeSpan.Zero), ResetsAfter = TimeSpan.FromHours(12) },
            await Store.ReadAsync(key, Daily, default));
        Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, (await Store.ReadAsync(key, Daily, default))!.Value.Used);
    }

    [Fact]
    public async Task Ten_thousand_reads_take_nothing_and_begin_no_window()
    {
        var (key, rule) = (new QuotaKey(1, 2, 3), new QuotaRule(new FirstUseWindow(TimeSpan.FromHours(1)), Limit: 10, MaxOverage: 0, WarnAtPercent: 80));
        for (var i = 0; i < 5_000; i++)
        {
            Assert.Equal(0, (await Store.ReadAsync(key, rule, default))!.Value.Used);
        }

        // The window begins with the first request, not with the first look.
        Time.Advance(TimeSpan.FromMinutes(50));
        Assert.Equal(TimeSpan.FromHours(1), (await Store.ReserveAsync(key, rule, 9, SettleWithin, default)).ResetsAfter);
        for (var i = 0; i < 5_000; i++)
        {
            Assert.Equal(9, (await Store.ReadAsync(key, rule, default))!.Value.Used);
        }

        var last = await Store.ReserveAsync(key, rule, 1, SettleWithin, default);
        Assert.True(last is { IsAccepted: true, Crossed: QuotaThresholds.Limit });
        Assert.False((await Store.ReserveAsync(key, rule, 1, SettleWithin, default)).IsAccepted);
    }

    // The same walk as the pure steps make it, window by window.
    [Fact]
    public async Task Store_decides_as_the_pure_steps_do()
    {
        var random = new Random(5);
        foreach (QuotaWindow window in (QuotaWindow[])[new CalendarWindow(CalendarUnit.Day, "Europe/Berlin"), new AnniversaryWindow(new(2026, 1, 31), CalendarUnit.Day), new RollingWindow(TimeSpan.FromHours(6), 6), new FirstUseWindow(TimeSpan.FromHours(5)), new LifetimeWindow()])
        {
            var rule = new QuotaRule(window, Limit: 40, MaxOverage: 3, WarnAtPercent: 60);
            var (key, row) = (new QuotaKey((ulong)random.NextInt64(), 9, 9), new long[QuotaState.LengthOf(window)]);
            var open = new Queue<QuotaReservation>();
            for (var i = 0; i < 400; i++)
            {
                Time.Advance(TimeSpan.FromMinutes(random.Next(30)));
                var (cost, now) = (random.Next(6), Time.GetUtcNow());
                Assert.Equal(new QuotaState([.. row]).Read(rule, now), await Store.ReadAsync(key, rule, default));
                if (open.Count > 0 && random.Next(2) == 0)
                {
                    var reservation = open.Dequeue();
                    Assert.Equal(new QuotaState(row).Settle(reservation, rule, cost, now), await Store.SettleAsync(reservation, rule, cost, default));
                }
                else
                {
                    var answer = await Store.ReserveAsync(key, rule, cost, SettleWithin, default);
                    Assert.Equal(new QuotaState(row).Reserve(key, rule, cost, now, SettleWithin), answer);
                    if (answer.IsAccepted)
                    {
                        open.Enqueue(answer.Reservation);
                    }
                }
            }
        }
    }

    [Fact]
    public async Task One_unit_that_many_want_is_taken_once_and_crosses_once()
    {
        using var race = new Race(runners: 16);
        for (ulong round = 0; round < 500; round++)
        {
            var (key, crossings) = (new QuotaKey(7, 1, round), 0);
            await ReserveAsync(key, 9);
            Assert.Equal(1, race.Count(() =>
            {
                var answer = Store.ReserveAsync(key, Daily, 1, SettleWithin, default).AsTask().GetAwaiter().GetResult();
                if (answer.Crossed.HasFlag(QuotaThresholds.Limit))
                {
                    Interlocked.Increment(ref crossings);
                }

                return answer.IsAccepted;
            }));
            Assert.Equal(1, crossings);
        }
    }

    protected ValueTask<QuotaAnswer> ReserveAsync(QuotaKey key, long cost) => Store.ReserveAsync(key, Daily, cost, SettleWithin, CancellationToken.None);
}
