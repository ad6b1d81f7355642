using GatewayKit.WebSockets;

namespace GatewayKit.Tests.WebSockets;

public sealed class WebSocketPlacesTests
{
    private readonly WebSocketPlaces _places = new();

    [Fact]
    public void Place_given_back_is_free_again_and_only_once()
    {
        var one = _places.TryTake("route a", 2);
        Assert.NotNull(_places.TryTake("ROUTE A", 2));
        Assert.Null(_places.TryTake("route a", 2));
        one!.Dispose();
        one.Dispose();
        Assert.NotNull(_places.TryTake("route a", 2));
        Assert.Null(_places.TryTake("route a", 2));
    }

    [Fact]
    public void Key_without_open_WebSockets_leaves_nothing_behind()
    {
        for (var i = 0; i < 1_000; i++)
        {
            using var place = _places.TryTake($"route {i}", 1);
            Assert.Null(_places.TryTake($"route {i}", 1));
        }

        Assert.Equal(0, _places.Endpoints);
    }

    [Fact]
    public void Places_are_never_more_than_allowed_however_many_ask_at_once()
    {
        var (open, most) = (0, 0);
        Parallel.For(0, 20_000, _ =>
        {
            using var place = _places.TryTake("route a", 3);
            if (place is not null)
            {
                var now = Interlocked.Increment(ref open);
                for (var seen = Volatile.Read(ref most); now > seen; seen = Volatile.Read(ref most))
                {
                    Interlocked.CompareExchange(ref most, now, seen);
                }

                Interlocked.Decrement(ref open);
            }
        });
        Assert.InRange(most, 1, 3);
        Assert.Equal(0, _places.Endpoints);
    }
}
