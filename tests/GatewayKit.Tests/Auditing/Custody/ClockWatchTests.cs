using GatewayKit.Auditing.Custody;

namespace GatewayKit.Tests.Auditing.Custody;

public sealed class ClockWatchTests
{
    [Theory]
    [InlineData(0, true)]
    [InlineData(400, true)]
    [InlineData(401, false)]
    [InlineData(-1, true)]
    [InlineData(-2, false)]
    public void Clock_is_plausible_from_the_newest_record_to_the_end_of_its_time(int days, bool expected)
    {
        var newest = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(expected, ClockWatch.IsPlausible(newest.AddDays(days), newest, TimeSpan.FromDays(400)));
    }
}
