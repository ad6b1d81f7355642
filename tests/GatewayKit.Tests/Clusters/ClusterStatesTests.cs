using GatewayKit.Clusters;
using GatewayKit.Tests.Clusters.Discovery;

namespace GatewayKit.Tests.Clusters;

public sealed class ClusterStatesTests : IDisposable
{
    private readonly DiscoveredClusters _clusters = new();
    private readonly ClusterStates _states;

    public ClusterStatesTests() => _states = _clusters.States;

    [Fact]
    public void Unchanged_cluster_keeps_its_state()
    {
        var first = Apply(Orders());
        var second = Apply(Orders());
        Assert.Same(first, second);
    }

    [Fact]
    public void Unrelated_change_keeps_the_connections_and_the_destinations()
    {
        var first = Apply(Orders());
        var second = Apply(Orders() with { LoadBalancing = LoadBalancing.Random, Timeouts = new() { Attempt = TimeSpan.FromSeconds(1) } });
        Assert.NotSame(first, second);
        Assert.Same(first.Transport, second.Transport);
        Assert.Same(first.Destinations[0], second.Destinations[0]);
        Assert.True(first.Transport.IsOpen);
    }

    [Fact]
    public void Share_of_hedges_goes_on_over_reloads_that_leave_it_as_it_is()
    {
        var hedging = Orders() with { Hedging = new() { MaxPercent = 10 } };
        var share = Apply(hedging).HedgeShare!;
        for (var i = 0; i < 10; i++)
        {
            share.Deposit();
        }

        var after = Apply(hedging with { LoadBalancing = LoadBalancing.Random, Hedging = new() { MaxPercent = 10, MinDelay = TimeSpan.FromSeconds(1) } }).HedgeShare!;
        Assert.Equal((true, false), (after.TryWithdraw(), after.TryWithdraw()));
        Assert.NotSame(after, Apply(hedging with { Hedging = new() { MaxPercent = 20 } }).HedgeShare);
        Assert.Null(Apply(Orders()).HedgeShare);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("tls")]
    [InlineData("connect")]
    public void Changed_connection_setting_closes_the_old_connections(string setting)
    {
        var first = Apply(Orders());
        var second = Apply(setting switch
        {
            "http" => Orders() with { Http = new() { MaxConnections = 1 } },
            "tls" => Orders() with { Tls = new() { ServerName = "a" } },
            _ => Orders() with { Timeouts = new() { Connect = TimeSpan.FromSeconds(1) } },
        });
        Assert.NotSame(first.Transport, second.Transport);
        Assert.False(first.Transport.IsOpen);
        Assert.True(second.Transport.IsOpen);
    }

    [Fact]
    public void Removed_cluster_closes_its_connections()
    {
        var first = Apply(Orders());
        _states.PutInForce(_states.Build(_states.InForce, []));
        Assert.False(first.Transport.IsOpen);
    }

    [Fact]
    public void Discarded_states_close_only_their_own_connections()
    {
        var first = Apply(Orders());
        var built = _states.Build(_states.InForce, [Orders(), new Cluster { Id = "new" }]);
        _states.Discard(built);
        Assert.True(first.Transport.IsOpen);
        Assert.False(built["new"].Transport.IsOpen);
    }

    [Fact]
    public void Missing_certificate_file_rejects_the_clusters() =>
        Assert.ThrowsAny<Exception>(() => _states.Build(_states.InForce, [Orders() with { Tls = new() { CertificateAuthorityFile = "/nowhere.pem" } }]));

    public void Dispose() => _clusters.Dispose();

    private static Cluster Orders() => new()
    {
        Id = "orders",
        Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = new("http://a") } },
    };

    private ClusterState Apply(Cluster cluster)
    {
        _states.PutInForce(_states.Build(_states.InForce, [cluster]));
        return _states.InForce[cluster.Id];
    }
}
