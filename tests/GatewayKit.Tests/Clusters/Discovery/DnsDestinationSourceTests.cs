using System.Net;
using System.Net.Sockets;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;
using static GatewayKit.Tests.Clusters.Discovery.DiscoveredClusters;

namespace GatewayKit.Tests.Clusters.Discovery;

public sealed class DnsDestinationSourceTests : IDisposable
{
    private static readonly Cluster Named = new() { Id = "orders", Discovery = new() { Source = "dns", Name = "https://Orders.internal:8443/api" } };

    private readonly DiscoveredClusters _clusters = new();

    public void Dispose() => _clusters.Dispose();

    [Fact]
    public async Task Every_address_of_the_name_is_a_destination_that_keeps_the_name()
    {
        Answers("10.0.0.1", "2001:db8::1", "10.0.0.1");
        var orders = await _clusters.FollowAsync(Named);
        Assert.Equal(["10.0.0.1", "2001:db8::1"], Ids(orders));
        Assert.Equal(["https://10.0.0.1:8443/api", "https://[2001:db8::1]:8443/api"], orders.Destinations.Select(static one => one.Destination.Address.AbsoluteUri));
        Assert.All(orders.Destinations, static one => Assert.Equal("orders.internal:8443", one.Destination.Host));
    }

    [Fact]
    public async Task Usual_port_is_not_part_of_the_host()
    {
        Answers("10.0.0.1");
        var orders = await _clusters.FollowAsync(Named with { Discovery = Named.Discovery! with { Name = "http://orders" } });
        Assert.Equal(("http://10.0.0.1/", "orders"), (orders.Destinations[0].Destination.Address.AbsoluteUri, orders.Destinations[0].Destination.Host));
    }

    [Theory]
    [InlineData("not found")]
    [InlineData("empty")]
    [InlineData("server failure")]
    [InlineData("silence")]
    public async Task Resolver_that_fails_leaves_the_last_good_addresses_for_five_minutes(string failure)
    {
        Answers("10.0.0.1");
        var orders = await _clusters.FollowAsync(Named);
        _clusters.Resolve = _ => failure switch
        {
            "not found" => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)),
            "empty" => Task.FromResult<IPAddress[]>([]),
            "server failure" => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.TryAgain)),
            _ => new TaskCompletionSource<IPAddress[]>().Task,
        };
        var since = _clusters.Time.GetUtcNow();
        for (var real = TimeProvider.System.GetTimestamp(); orders.Destinations.Count > 0; await Task.Yield())
        {
            _clusters.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.True(TimeProvider.System.GetElapsedTime(real) < TimeSpan.FromSeconds(30));
        }

        // Up to a refresh until the failure begins, 30 s until silence is one. Continuations on other threads see a clock that runs on.
        Assert.True(_clusters.Time.GetUtcNow() - since >= TimeSpan.FromMinutes(5));
        Answers("10.0.0.2");
        for (var real = TimeProvider.System.GetTimestamp(); orders.Destinations.Count == 0; await Task.Yield())
        {
            _clusters.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.True(TimeProvider.System.GetElapsedTime(real) < TimeSpan.FromSeconds(30));
        }

        Assert.Equal(["10.0.0.2"], Ids(orders));
    }

    [Theory]
    [InlineData("orders")]
    [InlineData("ftp://orders")]
    [InlineData("http://10.0.0.1")]
    [InlineData("http://[::1]:80")]
    [InlineData("http://orders:0")]
    [InlineData("http://user@orders")]
    [InlineData("http://orders?a")]
    [InlineData("https+http://orders")]
    public void Name_that_cannot_be_looked_up_is_a_fault(string name) =>
        Assert.Contains($"'{name}'", new DnsDestinationSource(NameLookup.OfSystem(TimeProvider.System)).FaultOf(name), StringComparison.Ordinal);

    private void Answers(params string[] addresses) => _clusters.Resolve = host =>
        host == "orders.internal" || host == "orders" ? Task.FromResult(Array.ConvertAll(addresses, IPAddress.Parse)) : throw new SocketException((int)SocketError.HostNotFound);
}
