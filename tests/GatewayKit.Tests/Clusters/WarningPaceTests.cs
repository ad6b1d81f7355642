using GatewayKit.Clusters;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Clusters;

public sealed class WarningPaceTests
{
    [Fact]
    public void One_of_a_kind_is_said_and_the_rest_are_counted()
    {
        var time = new FakeTimeProvider();
        var pace = new WarningPace(time);
        Assert.True(pace.MaySay(1, out var silenced));
        Assert.Equal(0, silenced);
        Assert.False(pace.MaySay(1, out _));
        Assert.False(pace.MaySay(1, out _));
        Assert.True(pace.MaySay(2, out _));
        time.Advance(WarningPace.Quiet);
        Assert.True(pace.MaySay(1, out silenced));
        Assert.Equal(2, silenced);
        Assert.False(pace.MaySay(1, out _));
    }
}
