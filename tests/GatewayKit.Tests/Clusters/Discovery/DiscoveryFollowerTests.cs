using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;
using GatewayKit.Diagnostics;
using static GatewayKit.Tests.Clusters.Discovery.DiscoveredClusters;

namespace GatewayKit.Tests.Clusters.Discovery;

public sealed class DiscoveryFollowerTests : IDisposable
{
    private readonly DiscoveredClusters _clusters = new();

    private ScriptedSource Source => _clusters.Source;

    public void Dispose() => _clusters.Dispose();

    [Fact]
    public async Task Configured_destinations_stay_beside_what_is_found()
    {
        Source.Finds("10.0.0.1", "10.0.0.2");
        var orders = await _clusters.FollowAsync(Orders with
        {
            Destinations = new Dictionary<string, Destination> { ["10.0.0.1"] = new() { Address = new("http://a"), Weight = 7 }, ["own"] = new() { Address = new("http://b") } },
        });
        Assert.Equal(["10.0.0.1", "10.0.0.2", "own"], Ids(orders).Order());

        // What the configuration says about an id counts.
        Assert.Equal(7, orders.Destinations.Single(static destination => destination.Id == "10.0.0.1").Weight);
    }

    [Fact]
    public async Task Reload_of_something_else_keeps_the_watch_and_the_destinations()
    {
        Source.Finds("10.0.0.1");
        var before = await _clusters.FollowAsync(Orders);
        var after = _clusters.Apply(Orders with { LoadBalancing = LoadBalancing.Random });
        Assert.NotSame(before, after);
        Assert.Same(before.Discovery!.Watch, after.Discovery!.Watch);
        Assert.Same(before.Destinations[0], after.Destinations[0]);

        Source.Finds("10.0.0.1", "10.0.0.2");
        _clusters.Time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal(["10.0.0.1", "10.0.0.2"], Ids(after));
        Assert.Equal(["10.0.0.1"], Ids(before));
    }

    [Fact]
    public async Task Reload_that_asks_the_same_question_at_another_pace_starts_with_the_last_answer()
    {
        Source.Finds("10.0.0.1");
        var before = await _clusters.FollowAsync(Orders);
        Source.Fails();
        var after = _clusters.Apply(Orders with { Discovery = Orders.Discovery! with { Refresh = TimeSpan.FromSeconds(5), Required = true } });
        Assert.Empty(_clusters.States.AwaitDiscovery(_clusters.States.InForce));
        Assert.NotSame(before.Discovery!.Watch, after.Discovery!.Watch);
        Assert.Same(before.Destinations[0], after.Destinations[0]);
    }

    [Fact]
    public async Task Reload_that_asks_another_question_does_not()
    {
        Source.Finds("10.0.0.1");
        await _clusters.FollowAsync(Orders);
        Source.Fails();
        var after = await _clusters.FollowAsync(Orders with { Discovery = Orders.Discovery! with { Name = "other" } });
        Assert.Empty(Ids(after));
    }

    [Fact]
    public async Task Discarded_state_hears_nothing_more()
    {
        Source.Finds("10.0.0.1");
        await _clusters.FollowAsync(Orders);
        var built = _clusters.States.Build(_clusters.States.InForce, [Orders with { LoadBalancing = LoadBalancing.Random }]);
        _clusters.States.Discard(built);
        Source.Finds("10.0.0.2");
        _clusters.Time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal(["10.0.0.1"], Ids(built["orders"]));
        Assert.Equal(["10.0.0.2"], Ids(_clusters.States.InForce["orders"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reload_drains_what_it_does_not_find_only_if_it_comes_into_force(bool isRefused)
    {
        Source.Finds("10.0.0.1", "10.0.0.2");
        var live = await _clusters.FollowAsync(Orders);
        var (stays, leaves) = (live.Destinations[0], live.Destinations[1]);
        Source.Finds("10.0.0.1");
        var built = _clusters.States.Build(_clusters.States.InForce, [Orders with { Discovery = Orders.Discovery! with { Refresh = TimeSpan.FromDays(1) } }]);
        Assert.True(SpinWait.SpinUntil(() => built["orders"].Destinations.Count == 1, TimeSpan.FromSeconds(30)));
        Assert.Same(stays, built["orders"].Destinations[0]);
        Assert.Equal((false, false), (stays.IsDraining, leaves.IsDraining));
        if (isRefused)
        {
            _clusters.States.Discard(built);
            Assert.Equal(2, live.Candidates.Count);
        }
        else
        {
            _clusters.States.PutInForce(built);
        }

        Assert.Equal((false, !isRefused), (stays.IsDraining, leaves.IsDraining));
    }

    [Fact]
    public async Task What_only_the_states_before_have_lost_does_not_drain()
    {
        Source.Finds("10.0.0.1", "10.0.0.2", "10.0.0.3");
        var before = await _clusters.FollowAsync(Orders);
        var (lost, drained) = (before.Destinations[1], before.Destinations[2]);
        _clusters.Get<GatewayClusters>().Drain("orders", "10.0.0.3");
        var isAnswered = false;
        Source.Answer = _ =>
        {
            var answer = Task.FromResult(new DiscoveredDestinations { Destinations = ScriptedSource.Entries("10.0.0.1", "10.0.0.2", "10.0.0.3") });
            Volatile.Write(ref isAnswered, true);
            return answer;
        };
        var built = _clusters.States.Build(_clusters.States.InForce, [Orders with { Discovery = Orders.Discovery! with { Refresh = TimeSpan.FromDays(1) } }]);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref isAnswered), TimeSpan.FromSeconds(30)));
        Source.Finds("10.0.0.1", "10.0.0.3");
        _clusters.Time.Advance(TimeSpan.FromSeconds(33));
        Assert.True(lost.IsDraining);

        // Over the limit too.
        _clusters.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(lost.IsDrained);
        _clusters.States.PutInForce(built);
        Assert.Contains(lost, built["orders"].Destinations);
        Assert.Equal((false, false, true), (lost.IsDraining, lost.IsDrained, drained.IsDraining));
        Assert.Equal(2, built["orders"].Candidates.Count);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 2)]
    public async Task Destination_that_another_question_finds_again_keeps_its_state(bool isAnsweredBefore, int reloads)
    {
        Source.Finds("10.0.0.1");
        var before = (await _clusters.FollowAsync(Orders)).Destinations[0];
        before.Begin();
        var answer = new TaskCompletionSource<DiscoveredDestinations>();
        Source.Answer = _ => answer.Task;
        var found = new DiscoveredDestinations { Destinations = ScriptedSource.Entries("10.0.0.1") };
        var built = _clusters.States.InForce;
        for (var reload = 1; reload <= reloads; reload++)
        {
            if (reload > 1)
            {
                _clusters.States.PutInForce(built);
            }

            built = _clusters.States.Build(_clusters.States.InForce, [Orders with { Discovery = Orders.Discovery! with { Name = $"other {reload}" } }]);
        }

        var after = built["orders"];
        if (isAnsweredBefore)
        {
            answer.SetResult(found);
            await after.Discovery!.Watch.First.WaitAsync(TimeSpan.FromSeconds(30));
            _clusters.States.PutInForce(built);
        }
        else
        {
            _clusters.States.PutInForce(built);
            Assert.Empty(Ids(after));
            answer.SetResult(found);
            await after.Discovery!.Watch.First.WaitAsync(TimeSpan.FromSeconds(30));
        }

        Assert.Same(before, Assert.Single(after.Destinations));
        Assert.Equal((1, false, 1), (before.InFlight, before.IsDraining, after.Candidates.Count));
    }

    [Theory]
    [InlineData("ftp://10.0.0.1", 1)]
    [InlineData("http://user:secret@10.0.0.1", 1)]
    [InlineData("http://10.0.0.1/?a=b", 1)]
    [InlineData("http://10.0.0.1:0", 1)]
    [InlineData("http://169.254.169.254", 1)]
    [InlineData("http://[::ffff:169.254.169.254]", 1)]
    [InlineData("http://10.0.0.1", 1_001)]
    public async Task Found_destination_that_could_not_be_configured_is_left_out(string address, int weight)
    {
        Source.Answer = _ => Task.FromResult(new DiscoveredDestinations
        {
            Destinations = new Dictionary<string, Destination> { ["good"] = new() { Address = new("http://10.0.0.7") }, ["bad"] = new() { Address = new(address), Weight = weight } },
        });
        var orders = await _clusters.FollowAsync(Orders);
        Assert.Equal(["good"], Ids(orders));
        var (_, _, line) = Assert.Single(_clusters.Log.Of(EventIds.DiscoveredDestinationRefused));
        Assert.Contains("bad", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(AddressFamilies.All, "10.0.0.1:8080")]
    [InlineData(AddressFamilies.IPv4, "10.0.0.1")]
    [InlineData(AddressFamilies.IPv6, "/orders")]
    [InlineData(AddressFamilies.All, null)]
    [InlineData(AddressFamilies.IPv4, null)]
    public async Task Found_destination_without_an_address_is_left_out_alone(AddressFamilies addresses, string? address)
    {
        Source.Answer = _ => Task.FromResult(new DiscoveredDestinations
        {
            Destinations = new Dictionary<string, Destination>
            {
                ["good"] = new() { Address = new("http://orders-1.internal") },
                ["bad"] = address is null ? null! : new() { Address = new(address, UriKind.RelativeOrAbsolute) },
                ["empty"] = new() { Address = null! },
            },
        });
        var orders = await _clusters.FollowAsync(Orders with { Discovery = Orders.Discovery! with { Addresses = addresses } });
        Assert.Equal(["good"], Ids(orders));
        Assert.Equal(2, _clusters.Log.Of(EventIds.DiscoveredDestinationRefused).Length);
    }

    [Fact]
    public async Task Original_host_is_not_replaced_by_the_name()
    {
        Source.Finds("10.0.0.1");
        var named = await _clusters.FollowAsync(Orders);
        Assert.Equal("orders.internal:8080", named.Destinations[0].Destination.Host);
        var original = _clusters.Apply(Orders with { HostHeader = HostHeader.Original });
        Assert.Null(original.Destinations[0].Destination.Host);
    }

    [Theory]
    [InlineData(AddressFamilies.All, "2001:db8::1", "10.0.0.1", "orders-1.internal")]
    [InlineData(AddressFamilies.IPv4, "10.0.0.1", "orders-1.internal")]
    [InlineData(AddressFamilies.IPv6, "2001:db8::1", "orders-1.internal")]
    public async Task Only_wanted_addresses_count(AddressFamilies addresses, params string[] expected)
    {
        Source.Answer = static _ => Task.FromResult(new DiscoveredDestinations
        {
            Destinations = new Dictionary<string, Destination>
            {
                ["2001:db8::1"] = new() { Address = new("http://[2001:db8::1]:8080") },
                ["10.0.0.1"] = new() { Address = new("http://10.0.0.1:8080") },
                ["orders-1.internal"] = new() { Address = new("http://orders-1.internal:8080") },
            },
        });
        var orders = await _clusters.FollowAsync(Orders with { Discovery = Orders.Discovery! with { Addresses = addresses } });
        Assert.Equal(expected.Order(StringComparer.Ordinal), Ids(orders).Order(StringComparer.Ordinal));
    }
}
