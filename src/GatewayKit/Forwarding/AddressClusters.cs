using System.Collections.Concurrent;
using GatewayKit.Clusters;
using GatewayKit.Resilience;

namespace GatewayKit.Forwarding;

/// <summary>Clusters of one destination, for addresses that an endpoint of the host forwards to. They share their connections.</summary>
internal sealed class AddressClusters(UpstreamHandlers handlers, TimeProvider time) : IDisposable
{
    // Addresses usually come from code; ones that come from elsewhere must not grow without bound.
    private const int MaxKnownAddresses = 1_024;

    private readonly Lazy<ClusterTransport> _transport = new(() => new(handlers.CreateDefault));
    private readonly ConcurrentDictionary<string, ClusterState> _addresses = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException"><paramref name="address"/> is no absolute http or https address.</exception>
    public ClusterState Of(string address)
    {
        if (_addresses.TryGetValue(address, out var known))
        {
            return known;
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length + uri.Query.Length + uri.Fragment.Length > 0)
        {
            throw new ArgumentException($"'{address}' is not an absolute http or https address without user, query and fragment.", nameof(address));
        }

        var destination = new Destination { Address = uri };
        var cluster = new Cluster { Id = uri.Authority, Destinations = new Dictionary<string, Destination> { [uri.Authority] = destination } };
        var state = new ClusterState(cluster, [new DestinationState(uri.Authority, destination)], _transport.Value, new RetryBudget(new(), time));
        return _addresses.Count < MaxKnownAddresses ? _addresses.GetOrAdd(address, state) : state;
    }

    public void Dispose()
    {
        if (_transport.IsValueCreated)
        {
            _transport.Value.Retire();
        }
    }
}
