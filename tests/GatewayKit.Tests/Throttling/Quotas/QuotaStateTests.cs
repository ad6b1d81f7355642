using CsCheck;
using GatewayKit.Throttling.Quotas;

namespace GatewayKit.Tests.Throttling.Quotas;

public sealed class QuotaStateTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly QuotaKey Key = new(1, 2, 3);
    private readonly DateTimeOffset _start = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Window_admits_its_limit_and_the_next_one_starts_at_zero()
    {
        var count = new Counted(new(new CalendarWindow(CalendarUnit.Day), Limit: 3, MaxOverage: 0, WarnAtPercent: 80));
        Assert.Equal([true, true, true, false, false], Enumerable.Range(0, 5).Select(_ => count.Reserve(1, _start).IsAccepted));
        var refused = count.Reserve(1, _start);
        Assert.Equal(TimeSpan.FromHours(12), refused.RetryAfter);
        Assert.Equal(3, refused.Used);
        Assert.False(count.Reserve(1, _start.AddHours(12).AddTicks(-1)).IsAccepted);
        Assert.Equal(1, count.Reserve(1, _start.AddHours(12)).Used);
    }

    [Fact]
    public void What_is_refused_takes_nothing()
    {
        var count = new Counted(new(new CalendarWindow(CalendarUnit.Day), Limit: 10, MaxOverage: 0, WarnAtPercent: 80));
        Assert.True(count.Reserve(8, _start).IsAccepted);
        Assert.False(count.Reserve(3, _start).IsAccepted);
        Assert.True(count.Reserve(2, _start).IsAccepted);
    }

    [Fact]
    public void Settlement_gives_back_or_takes_more_and_debts_are_paid_by_the_next()
    {
        var count = new Counted(new(new CalendarWindow(CalendarUnit.Day), Limit: 10, MaxOverage: 0, WarnAtPercent: 80));
        var reservation = count.Reserve(6, _start).Reservation;
        Assert.Equal(2, count.Settle(reservation, 2, _start).Used);
        reservation = count.Reserve(0, _start).Reservation;
        Assert.Equal(25, count.Settle(reservation, 23, _start).Used);
        Assert.False(count.Reserve(0, _start).IsAccepted);
        Assert.True(count.Reserve(0, _start.AddDays(1)).IsAccepted);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public void Settlement_of_a_closed_window_changes_no_other(long cost)
    {
        foreach (QuotaWindow window in (QuotaWindow[])[new CalendarWindow(CalendarUnit.Day), new FirstUseWindow(Hour), new RollingWindow(Hour, 4)])
        {
            var count = new Counted(new(window, Limit: 10, MaxOverage: 0, WarnAtPercent: 80));
            var reservation = count.Reserve(5, _start).Reservation;
            var later = _start.AddDays(1);
            Assert.True(count.Reserve(3, later).IsAccepted);
            Assert.False(count.Settle(reservation, cost, later).IsAccepted);
            Assert.Equal(4, count.Reserve(1, later).Used);
        }
    }

    [Fact]
    public void Settlement_after_the_end_starts_no_window()
    {
        var count = new Counted(new(new FirstUseWindow(Hour), Limit: 10, MaxOverage: 0, WarnAtPercent: 80));
        var reservation = count.Reserve(1, _start).Reservation;
        Assert.False(count.Settle(reservation, 0, _start.AddHours(1.5)).IsAccepted);
        Assert.Equal(_start.AddHours(3), count.Reserve(1, _start.AddHours(2)).ResetsAt);
    }

    [Fact]
    public void Reservation_that_expires_has_used_what_was_reserved_or_more()
    {
        var count = new Counted(new(new CalendarWindow(CalendarUnit.Day), Limit: 100, MaxOverage: 0, WarnAtPercent: 80));
        var (first, second, third) = (count.Reserve(10, _start).Reservation, count.Reserve(10, _start).Reservation, count.Reserve(10, _start).Reservation);
        Assert.Equal(20, count.Settle(first, 0, first.ExpiresAt.AddTicks(-1)).Used);
        Assert.Equal(20, count.Settle(second, 0, second.ExpiresAt).Used);
        Assert.Equal(25, count.Settle(third, 15, third.ExpiresAt).Used);
    }

    [Fact]
    public void First_use_starts_the_window()
    {
        var count = new Counted(new(new FirstUseWindow(Hour), Limit: 2, MaxOverage: 0, WarnAtPercent: 80));
        Assert.Equal(_start.AddHours(1), count.Reserve(1, _start).ResetsAt);
        Assert.Equal(_start.AddHours(1), count.Reserve(1, _start.AddMinutes(59)).ResetsAt);
        Assert.Equal(TimeSpan.FromMinutes(1), count.Reserve(1, _start.AddMinutes(59)).RetryAfter);
        Assert.Equal(_start.AddHours(6), count.Reserve(1, _start.AddHours(5)).ResetsAt);
    }

    [Fact]
    public void Lifetime_never_comes_back()
    {
        var count = new Counted(new(new LifetimeWindow(), Limit: 1, MaxOverage: 0, WarnAtPercent: 80));
        Assert.Null(count.Reserve(1, _start).ResetsAt);
        var refused = count.Reserve(1, _start.AddYears(100));
        Assert.False(refused.IsAccepted);
        Assert.Null(refused.RetryAfter);
    }

    [Fact]
    public void Rolling_window_gives_back_bucket_by_bucket()
    {
        // 12:00 is the edge of a bucket of 15 minutes.
        var count = new Counted(new(new RollingWindow(Hour, Buckets: 4), Limit: 10, MaxOverage: 0, WarnAtPercent: 80));
        count.Reserve(4, _start);
        count.Reserve(6, _start.AddMinutes(20));
        var refused = count.Reserve(1, _start.AddMinutes(59));
        Assert.Equal(TimeSpan.FromMinutes(16), refused.RetryAfter);
        Assert.Equal(TimeSpan.FromMinutes(31), count.Reserve(5, _start.AddMinutes(59)).RetryAfter);
        Assert.False(count.Reserve(1, _start.AddMinutes(75).AddTicks(-1)).IsAccepted);
        Assert.Equal(10, count.Reserve(4, _start.AddMinutes(75)).Used);
        Assert.Equal(4, count.Reserve(0, _start.AddMinutes(90)).Used);
    }

    // "Error at most one bucket", on the safe side: what came to be used in any span of the window's length is within the limit.
    [Fact]
    public void Rolling_window_never_admits_more_than_its_limit_in_its_length() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 40], Gen.Select(Gen.Int[0, 1_500], Gen.Int[1, 5]).Array[1, 300]).Sample((buckets, limit, steps) =>
        {
            var count = new Counted(new(new RollingWindow(TimeSpan.FromSeconds(10), buckets), limit, MaxOverage: 0, WarnAtPercent: 80));
            var (now, taken) = (_start, new List<(DateTimeOffset At, int Cost)>());
            foreach (var (wait, cost) in steps)
            {
                now += TimeSpan.FromMilliseconds(wait);
                var answer = count.Reserve(cost, now);
                if (answer.IsAccepted)
                {
                    taken.Add((now, cost));
                    if (taken.Where(one => now - one.At <= TimeSpan.FromSeconds(10)).Sum(static one => one.Cost) > limit)
                    {
                        return false;
                    }
                }
                else if (answer.RetryAfter is { } retry && !count.Copy().Reserve(cost, now + retry).IsAccepted)
                {
                    // Who waits as long as he was told gets in.
                    return false;
                }
                else if (answer.RetryAfter is null && cost <= limit)
                {
                    return false;
                }
            }

            return true;
        });

    [Fact]
    public void Retry_after_of_a_rolling_window_is_not_later_than_needed() =>
        Gen.Select(Gen.Int[1, 9], Gen.Select(Gen.Int[0, 1_500], Gen.Int[1, 5]).Array[1, 100]).Sample((buckets, steps) =>
        {
            var (count, now) = (new Counted(new(new RollingWindow(TimeSpan.FromSeconds(10), buckets), 12, MaxOverage: 0, WarnAtPercent: 80)), _start);
            foreach (var (wait, cost) in steps)
            {
                now += TimeSpan.FromMilliseconds(wait);
                if (count.Reserve(cost, now).RetryAfter is { } retry && count.Copy().Reserve(cost, now + retry - TimeSpan.FromTicks(1)).IsAccepted)
                {
                    return false;
                }
            }

            return true;
        });

    [Fact]
    public void Thresholds_are_crossed_once_in_each_window_whatever_is_given_back()
    {
        var count = new Counted(new(new CalendarWindow(CalendarUnit.Day), Limit: 10, MaxOverage: 0, WarnAtPercent: 75));
        Assert.Equal(QuotaThresholds.None, count.Reserve(7, _start).Crossed);
        var warned = count.Reserve(1, _start); // 8 is the first whole number from 7.5.
        Assert.Equal(QuotaThresholds.Warning, warned.Crossed);
        count.Settle(warned.Reservation, 0, _start);
        Assert.Equal(QuotaThresholds.None, count.Reserve(1, _start).Crossed);
        var filled = count.Reserve(2, _start);
        Assert.Equal(QuotaThresholds.Limit, filled.Crossed);
        count.Settle(filled.Reservation, 0, _start);
        Assert.Equal(QuotaThresholds.None, count.Reserve(2, _start).Crossed);
        Assert.Equal(QuotaThresholds.Warning | QuotaThresholds.Limit, count.Reserve(10, _start.AddDays(1)).Crossed);
    }

    [Fact]
    public void Settlement_crosses_thresholds_too()
    {
        var count = new Counted(new(new CalendarWindow(CalendarUnit.Day), Limit: 10, MaxOverage: 0, WarnAtPercent: 80));
        var reservation = count.Reserve(0, _start).Reservation;
        Assert.Equal(QuotaThresholds.Warning, count.Settle(reservation, 9, _start).Crossed);
    }

    [Fact]
    public void Rolling_window_crosses_each_threshold_once_in_its_length()
    {
        var (count, crossings) = (new Counted(new(new RollingWindow(Hour, 60), Limit: 10, MaxOverage: 0, WarnAtPercent: 80)), 0);
        for (var minute = 0; minute < 600; minute++)
        {
            crossings += count.Reserve(1, _start.AddMinutes(minute)).Crossed.HasFlag(QuotaThresholds.Limit) ? 1 : 0;
        }

        Assert.InRange(crossings, 8, 10);
    }

    [Fact]
    public void Overage_is_admitted_up_to_its_maximum_and_told()
    {
        var count = new Counted(new(new CalendarWindow(CalendarUnit.Day), Limit: 10, MaxOverage: 5, WarnAtPercent: 80));
        Assert.Equal(0, count.Reserve(9, _start).Overage);
        Assert.Equal(2, count.Reserve(3, _start).Overage);
        Assert.False(count.Reserve(4, _start).IsAccepted);
        Assert.Equal(3, count.Reserve(3, _start).Overage);
        Assert.False(count.Reserve(1, _start).IsAccepted);
    }

    [Fact]
    public void Raised_limit_counts_at_once_and_keeps_what_is_used()
    {
        var count = new Counted(new(new CalendarWindow(CalendarUnit.Month), Limit: 2, MaxOverage: 0, WarnAtPercent: 80));
        count.Reserve(2, _start);
        Assert.False(count.Reserve(1, _start).IsAccepted);
        count.Rule = count.Rule with { Limit = 5 };
        Assert.Equal(3, count.Reserve(1, _start).Used);
    }

    [Fact]
    public void Clock_that_steps_back_hands_out_nothing()
    {
        foreach (QuotaWindow window in (QuotaWindow[])[new CalendarWindow(CalendarUnit.Day), new FirstUseWindow(Hour), new RollingWindow(Hour, 4)])
        {
            var count = new Counted(new(window, Limit: 2, MaxOverage: 0, WarnAtPercent: 80));
            count.Reserve(2, _start);
            Assert.False(count.Reserve(1, _start.AddMinutes(-20)).IsAccepted);
            Assert.False(count.Reserve(1, _start.AddDays(-3)).IsAccepted);

            // And is not stuck in a future that was none.
            Assert.True(count.Reserve(1, _start.AddDays(-1)).IsAccepted);
        }
    }

    [Fact]
    public void Huge_costs_do_not_turn_over()
    {
        var count = new Counted(new(new RollingWindow(Hour, 2), Limit: 10, MaxOverage: 0, WarnAtPercent: 80));
        var (first, second) = (count.Reserve(1, _start).Reservation, count.Reserve(1, _start).Reservation);
        count.Settle(first, long.MaxValue, _start);
        Assert.True(count.Settle(second, long.MaxValue, _start).Used > 0);
        Assert.False(count.Reserve(1, _start).IsAccepted);
        Assert.Equal(1, count.Reserve(1, _start.AddHours(2)).Used);
    }

    private sealed class Counted(QuotaRule rule)
    {
        private readonly long[] _row = new long[QuotaState.LengthOf(rule.Window)];

        public QuotaRule Rule { get; set; } = rule;

        public Counted Copy()
        {
            var copy = new Counted(Rule);
            _row.CopyTo(copy._row, 0);
            return copy;
        }

        public QuotaAnswer Reserve(long cost, DateTimeOffset now) => new QuotaState(_row).Reserve(Key, Rule, cost, now, settleWithin: TimeSpan.FromMinutes(10));

        public QuotaAnswer Settle(QuotaReservation reservation, long cost, DateTimeOffset now) => new QuotaState(_row).Settle(reservation, Rule, cost, now);
    }
}
