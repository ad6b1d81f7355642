using System.Collections.Concurrent;
using GatewayKit.Clusters;

namespace GatewayKit.Forwarding;

/// <summary>
/// Clusters of one destination, for addresses that an endpoint of the host forwards to: with the settings that a cluster has which says nothing, circuit
/// breaker and limits included. They share their connections.
/// </summary>
internal sealed class AddressClusters(ClusterStates states, UpstreamHandlers handlers) : IDisposable
{
    // Addresses usually come from code; ones that come from elsewhere must not grow without bound. Of those beyond it nothing is remembered.
    private const int MaxKnownAddresses = 1_024;

    private readonly Lazy<ClusterTransport> _transport = new(() => new(handlers.CreateDefault));
    private readonly ConcurrentDictionary<string, ClusterState> _addresses = new(StringComparer.Ordinal);

    // As they were written, so that the usual request reads no address.
    private readonly ConcurrentDictionary<string, ClusterState> _spellings = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException"><paramref name="address"/> is no absolute http or https address.</exception>
    public ClusterState Of(string address)
    {
        if (_spellings.TryGetValue(address, out var known))
        {
            return known;
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length + uri.Query.Length + uri.Fragment.Length > 0)
        {
            throw new ArgumentException($"'{address}' is not an absolute http or https address without user, query and fragment.", nameof(address));
        }

        // Below two paths of one host there may be two services, each with a circuit of its own. No cluster of the configuration has such a name.
        var name = uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        if (!_addresses.TryGetValue(name, out var state))
        {
            var cluster = new Cluster { Id = name, Destinations = new Dictionary<string, Destination> { [name] = new() { Address = uri } } };
            if (_addresses.Count >= MaxKnownAddresses)
            {
                return states.CreateUnwatched(cluster, _transport.Value);
            }

            var created = states.CreateApart(cluster, _transport.Value);
            state = _addresses.GetOrAdd(name, created);
            if (state == created)
            {
                state.Vitals!.Enter(state);
            }
        }

        if (_spellings.Count < MaxKnownAddresses)
        {
            _spellings.TryAdd(address, state);
        }

        return state;
    }

    public void Dispose()
    {
        foreach (var state in _addresses.Values)
        {
            state.Vitals!.Leave();
        }

        if (_transport.IsValueCreated)
        {
            _transport.Value.Retire();
        }
    }
}
