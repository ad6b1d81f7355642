using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Tests.Throttling.Sharing;

public sealed class RateSharingTests
{
    [Theory]
    [InlineData("Local", "Local")]
    [InlineData("synchronous", "Synchronous")]
    [InlineData("Asynchronous", "Asynchronous")]
    [InlineData("ASYNCHRONOUS:00:00:00.25", "Asynchronous:00:00:00.2500000")]
    [InlineData("Leased", "Leased")]
    [InlineData("leased:50", "Leased:50")]
    public void Text_is_read_and_printed(string text, string printed)
    {
        var sharing = RateSharing.Parse(text);
        Assert.Equal(printed, sharing.ToString());
        Assert.Equal(sharing, RateSharing.Parse(printed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Shared")]
    [InlineData("1")]
    [InlineData("Local:")]
    [InlineData("Synchronous:00:00:01")]
    [InlineData("Asynchronous:")]
    [InlineData("Asynchronous:1")]
    [InlineData("Asynchronous:1:00")]
    [InlineData("Asynchronous:00:00:00.009")]
    [InlineData("Asynchronous:00:01:01")]
    [InlineData("Leased:0")]
    [InlineData("Leased:-1")]
    [InlineData("Leased:1.5")]
    [InlineData("Leased:1000000001")]
    public void Other_text_is_refused_with_what_there_is(string text)
    {
        var error = Assert.Throws<FormatException>(() => RateSharing.Parse(text));
        Assert.Contains("Synchronous, Asynchronous or Asynchronous:00:00:00.1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Default_interval_is_half_a_second() => Assert.Equal(RateSharing.Asynchronous(TimeSpan.FromSeconds(0.5)), RateSharing.Asynchronous());

    [Fact]
    public void Arguments_outside_their_ranges_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => RateSharing.Asynchronous(TimeSpan.FromMilliseconds(9)));
        Assert.Throws<ArgumentOutOfRangeException>(() => RateSharing.Asynchronous(TimeSpan.FromMinutes(2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => RateSharing.Leased(0));
    }

    [Fact]
    public void Ways_are_equal_if_everything_about_them_is()
    {
        RateSharing[] all = [RateSharing.Local, RateSharing.Synchronous, RateSharing.Asynchronous(), RateSharing.Asynchronous(TimeSpan.FromSeconds(1)), RateSharing.Leased(), RateSharing.Leased(1), RateSharing.Leased(2)];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.True(RateSharing.Leased(2) == RateSharing.Leased(2) && RateSharing.Leased(2) != RateSharing.Leased(3) && RateSharing.Leased(2).GetHashCode() == RateSharing.Leased(2).GetHashCode());
    }
}
