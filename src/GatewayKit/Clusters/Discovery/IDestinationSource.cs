namespace GatewayKit.Clusters.Discovery;

/// <summary>
/// Finds the destinations behind a name: in DNS, in a registry, in the configuration. Registered with <c>AddDestinationSource</c>; one
/// object serves all clusters, so it must be safe for concurrent use. The gateway asks off the path of requests, remembers the last good
/// answer, and asks again: a source has no timers, no retries and no memory of its own to keep.
/// </summary>
public interface IDestinationSource
{
    /// <summary>What is wrong with a name, as a sentence that says what to write; <see langword="null"/> if it can be asked for. Checked when the configuration is.</summary>
    /// <param name="name">The name that a cluster gives.</param>
    string? FaultOf(string name) => null;

    /// <summary>Finds the destinations that there are now.</summary>
    /// <param name="name">The name that a cluster gives.</param>
    /// <param name="cancellationToken">Nobody waits any more: 30 seconds are over, or the cluster is gone.</param>
    /// <exception cref="Exception">Any: the destinations found before go on serving for <see cref="ClusterDiscovery.KeepLastGood"/>.</exception>
    ValueTask<DiscoveredDestinations> FindAsync(string name, CancellationToken cancellationToken);
}
