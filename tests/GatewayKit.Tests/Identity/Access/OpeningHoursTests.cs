using System.Globalization;
using GatewayKit.Identity.Access;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity.Access;

/// <summary>When it is time, by the clocks of a zone. 2026-03-02 is a Monday; Berlin sets clocks on 2026-03-29 at 02:00 to 03:00, and on 2026-10-25 at 03:00 to 02:00.</summary>
public sealed class OpeningHoursTests
{
    private static readonly AccessHours Work = new()
    {
        Days = [DayOfWeek.Monday, DayOfWeek.Tuesday, DayOfWeek.Wednesday, DayOfWeek.Thursday, DayOfWeek.Friday],
        From = new(8, 0),
        To = new(18, 0),
        TimeZone = "Europe/Berlin",
    };

    private static readonly AccessHours Night = new() { Days = [DayOfWeek.Saturday], From = new(22, 0), To = new(6, 0), TimeZone = "Europe/Berlin" };

    [Theory]
    [InlineData("2026-03-02T06:59:59Z", false)]
    [InlineData("2026-03-02T07:00:00Z", true)]
    [InlineData("2026-03-02T16:59:59Z", true)]
    [InlineData("2026-03-02T17:00:00Z", false)]
    [InlineData("2026-03-07T12:00:00Z", false)]
    [InlineData("2026-07-06T06:00:00Z", true)]
    [InlineData("2026-07-06T05:59:59Z", false)]
    public void Days_and_times_are_those_of_the_zone(string instant, bool open) => Assert.Equal(open, At(instant, Work).IsOpen(out _));

    [Theory]
    [InlineData("2026-03-02T06:00:00Z", "01:00:00")]
    [InlineData("2026-03-06T17:00:00Z", "2.14:00:00")]
    [InlineData("2026-03-27T17:00:00Z", "2.13:00:00")]
    [InlineData("2026-10-23T16:00:00Z", "2.15:00:00")]
    public void Who_comes_outside_is_told_when_it_opens(string instant, string wait)
    {
        Assert.False(At(instant, Work).IsOpen(out var opensIn));
        Assert.Equal(TimeSpan.Parse(wait, CultureInfo.InvariantCulture), opensIn);
    }

    // A night begins on the day that is named; it has seven hours as clocks go forward, and nine as they go back.
    [Theory]
    [InlineData("2026-03-07T20:59:59Z", false)]
    [InlineData("2026-03-07T21:00:00Z", true)]
    [InlineData("2026-03-08T04:59:59Z", true)]
    [InlineData("2026-03-08T05:00:00Z", false)]
    [InlineData("2026-03-28T21:00:00Z", true)]
    [InlineData("2026-03-29T03:59:59Z", true)]
    [InlineData("2026-03-29T04:00:00Z", false)]
    [InlineData("2026-10-24T20:00:00Z", true)]
    [InlineData("2026-10-25T04:59:59Z", true)]
    [InlineData("2026-10-25T05:00:00Z", false)]
    public void Window_may_go_over_midnight(string instant, bool open) => Assert.Equal(open, At(instant, Night).IsOpen(out _));

    // 02:15 does not exist on the one day, and exists twice on the other: the first counts.
    [Theory]
    [InlineData("2026-03-29T00:59:59Z", false)]
    [InlineData("2026-03-29T01:00:00Z", true)]
    [InlineData("2026-03-29T01:44:59Z", true)]
    [InlineData("2026-03-29T01:45:00Z", false)]
    [InlineData("2026-10-25T00:15:00Z", true)]
    [InlineData("2026-10-25T01:15:00Z", true)]
    [InlineData("2026-10-25T02:44:59Z", true)]
    [InlineData("2026-10-25T02:45:00Z", false)]
    public void Time_that_clocks_skip_or_repeat(string instant, bool open) =>
        Assert.Equal(open, At(instant, new AccessHours { From = new(2, 15), To = new(3, 45), TimeZone = "Europe/Berlin" }).IsOpen(out _));

    [Fact]
    public void Window_that_clocks_skip_is_none()
    {
        var hours = At("2026-03-29T00:59:00Z", new AccessHours { From = new(2, 15), To = new(2, 45), TimeZone = "Europe/Berlin" });
        Assert.False(hours.IsOpen(out var opensIn));
        Assert.Equal(new DateTimeOffset(2026, 3, 30, 0, 15, 0, TimeSpan.Zero), new DateTimeOffset(2026, 3, 29, 0, 59, 0, TimeSpan.Zero) + opensIn);
    }

    [Fact]
    public void Days_alone_are_whole_days_and_windows_that_touch_are_one()
    {
        var time = new FakeTimeProvider(new(2026, 3, 6, 23, 59, 59, TimeSpan.Zero));
        var hours = new OpeningHours([new() { Days = [DayOfWeek.Saturday, DayOfWeek.Sunday] }], time);
        Assert.False(hours.IsOpen(out var opensIn));
        Assert.Equal(TimeSpan.FromSeconds(1), opensIn);
        foreach (var (passed, open) in new[] { (1, true), (24 * 3600, true), ((24 * 3600) - 1, true), (1, false) })
        {
            time.Advance(TimeSpan.FromSeconds(passed));
            Assert.Equal(open, hours.IsOpen(out _));
        }
    }

    [Fact]
    public void Several_windows_add_up() =>
        Assert.Equal([false, true, false, true, false], ((int[])[7, 8, 12, 13, 17]).Select(static hour =>
            At($"2026-03-02T{hour:00}:00:00Z", new AccessHours { From = new(8, 0), To = new(12, 0) }, new AccessHours { From = new(13, 0), To = new(17, 0) }).IsOpen(out _)));

    [Fact]
    public void Clock_that_is_set_back_is_believed()
    {
        var time = new FakeTimeProvider(new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero));
        var hours = new OpeningHours([Work], time);
        Assert.True(hours.IsOpen(out _));
        time.AdjustTime(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        Assert.False(hours.IsOpen(out _));
    }

    // Minute by minute over both changes, against clocks as people read them, where those are in no doubt.
    [Theory]
    [InlineData("2026-03-28")]
    [InlineData("2026-10-24")]
    public void Each_minute_is_judged_as_the_clock_on_the_wall_says(string day)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var time = new FakeTimeProvider(DateTimeOffset.Parse($"{day}T00:00:00Z", CultureInfo.InvariantCulture));
        var hours = new OpeningHours([new() { From = new(22, 0), To = new(6, 0), TimeZone = "Europe/Berlin" }, new() { From = new(9, 30), To = new(17, 0), TimeZone = "Europe/Berlin" }], time);
        for (var minute = 0; minute < 3 * 24 * 60; minute++)
        {
            var wall = TimeOnly.FromDateTime(TimeZoneInfo.ConvertTime(time.GetUtcNow(), zone).DateTime);
            Assert.Equal(wall >= new TimeOnly(22, 0) || wall < new TimeOnly(6, 0) || (wall >= new TimeOnly(9, 30) && wall < new TimeOnly(17, 0)), hours.IsOpen(out _));
            time.Advance(TimeSpan.FromMinutes(1));
        }
    }

    private static OpeningHours At(string instant, params AccessHours[] windows) => new(windows, new FakeTimeProvider(DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture)));
}
