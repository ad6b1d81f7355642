using System.Net;
using System.Net.Sockets;
using GatewayKit.Clusters;
using GatewayKit.Tests.Clusters.Discovery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Clusters;

public sealed class DestinationDrainsTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly DiscoveredClusters _services = new();
    private readonly FakeTimeProvider _time;
    private readonly ClusterStates _states;
    private readonly GatewayClusters _clusters;
    private readonly List<string> _reached = [];

    public DestinationDrainsTests()
    {
        (_time, _states, _clusters) = (_services.Time, _services.States, _services.Get<GatewayClusters>());
        _services.Get<DestinationDrains>().LimitReached += (cluster, destination) => _reached.Add($"{cluster}/{destination.Id}");
    }

    [Fact]
    public void Drained_by_hand_a_destination_is_not_picked_until_it_is_put_back()
    {
        Apply(Orders("a", "b"));
        _clusters.Drain("ORDERS", "a");
        Assert.Equal([false, true], PickedOf(100));
        Assert.True(_clusters.Get("orders").Destinations[0].IsDraining);
        _clusters.Undrain("orders", "a");
        Assert.Equal([true, true], PickedOf(100));
        _time.Advance(Limit);
        Assert.Empty(_reached);
    }

    [Fact]
    public void Limit_tells_what_would_stay_for_ever_and_ends_bound_sessions()
    {
        Apply(Orders("a", "b"));
        _clusters.Drain("orders", "a");
        var state = _states.InForce["orders"].Destinations[0];
        _time.Advance(Limit - TimeSpan.FromMilliseconds(1));
        Assert.False(state.IsDrained);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(state.IsDrained);
        _time.Advance(Limit);
        Assert.Equal(["orders/a"], _reached);
    }

    [Fact]
    public void Limit_of_the_latest_call_counts()
    {
        Apply(Orders("a", "b"));
        _clusters.Drain("orders", "a", TimeSpan.FromSeconds(1));
        _clusters.Drain("orders", "a", TimeSpan.FromMinutes(1));
        _time.Advance(Limit);
        Assert.Empty(_reached);
        _time.Advance(Limit);
        Assert.Equal(["orders/a"], _reached);
    }

    [Fact]
    public void Destination_that_left_the_configuration_has_the_limit_too()
    {
        Apply(Orders("a", "b"));
        Apply(Orders("b"));
        _time.Advance(Limit);
        Assert.Equal(["orders/a"], _reached);
        Apply();
        _time.Advance(Limit);
        Assert.Equal(["orders/a", "orders/b"], _reached);
    }

    [Fact]
    public void Destination_that_came_back_keeps_what_is_open()
    {
        Apply(Orders("a", "b"));
        Apply(Orders("b"));
        Apply(Orders("a", "b"));
        _time.Advance(Limit);
        Assert.Empty(_reached);
    }

    [Fact]
    public void Destination_that_came_and_left_again_has_its_latest_limit()
    {
        Apply(Orders("a", "b"));
        Apply(Orders("b"));
        _time.Advance(Limit / 2);
        Apply(Orders("a", "b"));
        Apply(Orders("b"));
        _time.Advance(Limit / 2);
        Assert.Empty(_reached);
        _time.Advance(Limit / 2);
        Assert.Equal(["orders/a"], _reached);
    }

    [Fact]
    public void Another_weight_is_the_same_destination()
    {
        Apply(Orders("a", "b"));
        _clusters.Drain("orders", "a");
        Apply(Weighted(7));
        Assert.True(_clusters.Get("orders").Destinations[0].IsDraining);
        Assert.Equal([false, true], PickedOf(100));
        _time.Advance(Limit);
        Assert.Equal(["orders/a"], _reached);
        _clusters.Undrain("orders", "a");
        Assert.Equal([true, true], PickedOf(100));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Drain_by_hand_while_a_reload_is_under_way_is_not_lost(bool isPutBack)
    {
        Apply(Orders("a", "b"));
        if (isPutBack)
        {
            _clusters.Drain("orders", "a");
        }

        var next = _states.Build(_states.InForce, [Weighted(7)]);
        Action<string, string> order = isPutBack ? _clusters.Undrain : (cluster, destination) => _clusters.Drain(cluster, destination);
        order("orders", "a");
        _states.PutInForce(next);
        Assert.Equal(!isPutBack, _clusters.Get("orders").Destinations[0].IsDraining);
        Assert.Equal([isPutBack, true], PickedOf(100));
        _time.Advance(Limit);
        Assert.Equal(isPutBack ? [] : ["orders/a"], _reached);
        Assert.Equal(!isPutBack, _states.InForce["orders"].Destinations[0].IsDrained);
    }

    [Fact]
    public void Order_that_meets_the_state_before_a_reload_is_seen_by_the_one_after_it()
    {
        Apply(Orders("a", "b"));
        var next = _states.Build(_states.InForce, [Weighted(7)]);
        Assert.Equal(2, next["orders"].Candidates.Count);
        _clusters.Drain("orders", "a");
        Assert.Equal(1, next["orders"].Candidates.Count);
    }

    [Fact]
    public void Limit_holds_for_the_settings_that_a_reload_brought()
    {
        Apply(Orders("a", "b"));
        _clusters.Drain("orders", "a");
        Apply(Weighted(7));
        _time.Advance(Limit);
        Assert.True(_states.InForce["orders"].Destinations[0].IsDrained);
    }

    [Fact]
    public void Second_order_after_a_reload_takes_the_place_of_the_first()
    {
        Apply(Orders("a", "b"));
        _clusters.Drain("orders", "a");
        Apply(Weighted(7));
        _clusters.Drain("orders", "a", TimeSpan.FromMinutes(1));
        _time.Advance(Limit);
        Assert.Empty(_reached);
        _clusters.Undrain("orders", "a");
        _time.Advance(Limit);
        Assert.Empty(_reached);
        Assert.Equal([true, true], PickedOf(100));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connections_stay_as_long_as_any_request_is_there_by_whatever_settings(bool leavesBetween)
    {
        Apply(Orders("a", "b"));
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        listener.Listen();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndPoint!);
        await using var connection = _services.Get<DestinationConnections>().Open("orders", new("a.example", 8080), socket);
        using var other = await listener.AcceptAsync();

        // A long request came before the settings changed, or before the destination was away for a while.
        var early = _states.InForce["orders"].Destinations[0];
        early.Begin();
        if (leavesBetween)
        {
            Apply(Orders("b"));
            Apply(Orders("a", "b"));
            _time.Advance(Limit);
        }
        else
        {
            Apply(Weighted(7));
        }

        Apply(Orders("b"));
        _time.Advance(Limit * 2);
        Assert.Equal(["orders/a"], _reached);
        Assert.True(early.IsDrained);
        Assert.False(IsEnded(other));
        early.End();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(IsEnded(other));
        Assert.Equal(["orders/a"], _reached);
    }

    [Fact]
    public void Requests_in_flight_and_places_are_those_of_the_destination_whatever_its_settings()
    {
        Apply(Orders("a", "b"));
        var before = _states.InForce["orders"].Destinations[0];
        before.Begin();
        Apply(Weighted(7));
        var after = _states.InForce["orders"].Destinations[0];
        Assert.NotSame(before, after);
        Assert.Equal(1, _clusters.Get("orders").Destinations[0].InFlight);
        after.Begin();
        var waiting = after.Use.Queue.WaitAsync(1, Timeout.InfiniteTimeSpan, _time, default);
        Assert.False(waiting.IsCompleted);
        before.End();
        Assert.True(SpinWait.SpinUntil(() => waiting.IsCompletedSuccessfully, TimeSpan.FromSeconds(30)));
        after.End();
        Assert.Equal(0, _clusters.Get("orders").Destinations[0].InFlight);
    }

    [Fact]
    public void Drain_by_hand_outlives_reloads_but_not_the_destination()
    {
        Apply(Orders("a", "b"));
        _clusters.Drain("orders", "a");
        Apply(Orders("a", "b") with { LoadBalancing = LoadBalancing.Random });
        Assert.True(_clusters.Get("orders").Destinations[0].IsDraining);
        Apply(Orders("b"));
        Apply(Orders("a", "b"));
        Assert.False(_clusters.Get("orders").Destinations[0].IsDraining);
    }

    [Fact]
    public void Unknown_names_get_the_nearest_one()
    {
        Apply(Orders("first", "second"));
        Assert.Contains("Did you mean 'orders'?", Assert.Throws<ArgumentException>(() => _clusters.Drain("order", "first")).Message);
        Assert.Contains("Did you mean 'first'?", Assert.Throws<ArgumentException>(() => _clusters.Drain("orders", "firts")).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => _clusters.Drain("orders", "first", TimeSpan.FromSeconds(-1)));
    }

    public void Dispose() => _services.Dispose();

    private static Cluster Orders(params string[] ids) =>
        new() { Id = "orders", Destinations = ids.ToDictionary(static id => id, static id => new Destination { Address = new($"http://{id}.example:8080") }) };

    private static Cluster Weighted(int weight) =>
        Orders("a", "b") with { Destinations = Orders("a", "b").Destinations.ToDictionary(static one => one.Key, one => one.Value with { Weight = weight }) };

    // The end of a connection comes by the loopback, which takes a moment.
    private static bool IsEnded(Socket socket) => socket.Poll(TimeSpan.FromMilliseconds(200), SelectMode.SelectRead) && socket.Available == 0;

    private void Apply(params Cluster[] clusters) => _states.PutInForce(_states.Build(_states.InForce, clusters));

    // Which of the destinations are picked at all.
    private bool[] PickedOf(int picks)
    {
        var cluster = _states.InForce["orders"];
        var picked = new HashSet<string>();
        for (var i = 0; i < picks; i++)
        {
            Assert.Equal(PickRefusal.None, cluster.TryBegin(new DefaultHttpContext(), default, out var lease));
            picked.Add(lease.Destination.Id);
            lease.Destination.End();
        }

        return [.. cluster.Destinations.Select(destination => picked.Contains(destination.Id))];
    }
}
