using GatewayKit.Throttling.Quotas;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling.Quotas;

public sealed class QuotaTableTests
{
    private static readonly TimeSpan SettleWithin = TimeSpan.FromMinutes(10);
    private static readonly QuotaRule Daily = new(new CalendarWindow(CalendarUnit.Day), Limit: 3, MaxOverage: 0, WarnAtPercent: 80);

    private readonly FakeTimeProvider _time = new(new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Keys_without_room_share_one_quota_and_those_in_use_stay()
    {
        var table = new QuotaTable(maxKeys: 64, _time);
        var first = KeyOf(1);
        Assert.Equal(3, table.Reserve(first, Daily, 3, SettleWithin).Used);
        var admitted = 0;
        for (var i = 2; i < 100_000; i++)
        {
            admitted += table.Reserve(KeyOf(i), Daily, 1, SettleWithin).IsAccepted ? 1 : 0;
        }

        // One each for those that found room, and three for all others together.
        Assert.Equal(63 + 3, admitted);
        Assert.Equal(65, table.Count);
        Assert.False(table.Reserve(first, Daily, 1, SettleWithin).IsAccepted);
        Assert.True(table.Reserve(QuotaKey.Whole(1), Daily, 3, SettleWithin).IsAccepted);
        Assert.True(table.Reserve(QuotaKey.Anonymous(1), Daily, 3, SettleWithin).IsAccepted);
    }

    [Fact]
    public void Overflow_is_told_and_settled_where_it_was_taken()
    {
        var table = new QuotaTable(maxKeys: 64, _time);
        for (var i = 1; i < 10_000; i++)
        {
            table.Reserve(KeyOf(i), Daily, 1, SettleWithin);
        }

        _time.Advance(TimeSpan.FromSeconds(2));
        var answers = Enumerable.Range(20_000, 500).Select(i => table.Reserve(KeyOf(i), Daily, 1, SettleWithin)).ToArray();
        Assert.DoesNotContain(answers, static answer => answer.IsAccepted);

        _time.Advance(TimeSpan.FromDays(1));
        Assert.All(Enumerable.Range(30_000, 30).Select(i => table.Reserve(KeyOf(i), Daily, 1, SettleWithin)), static answer => Assert.False(answer.Reservation.Key.IsOverflow));
        var shared = Enumerable.Range(40_000, 1_000).Select(i => table.Reserve(KeyOf(i), Daily, 1, SettleWithin)).First(static answer => answer is { IsAccepted: true, Reservation.Key.IsOverflow: true });
        Assert.Equal(shared.Used - 1, table.Settle(shared.Reservation, Daily, 0).Used);
    }

    [Fact]
    public void Memory_is_flat_under_many_keys()
    {
        var table = new QuotaTable(maxKeys: 10_000, _time);
        for (var i = 1; i < 200_000; i++)
        {
            table.Reserve(KeyOf(i), Daily, 1, SettleWithin);
        }

        Assert.InRange(table.Count, 10_000, 10_000 + 16 + 1);
        _time.Advance(TimeSpan.FromDays(1));
        for (var i = 1; i < 20_000; i++)
        {
            table.Reserve(KeyOf(i), Daily, 1, SettleWithin);
        }

        Assert.InRange(table.Count, 5_000, 10_000 + 16 + 1);
    }

    private static QuotaKey KeyOf(int number) => new(1, (ulong)number * 0x9E3779B97F4A7C15, (ulong)number * 0xD6E8FEB86659FD93);
}
