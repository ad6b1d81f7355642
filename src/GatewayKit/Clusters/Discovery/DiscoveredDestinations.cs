using Microsoft.Extensions.Primitives;

namespace GatewayKit.Clusters.Discovery;

/// <summary>What a source found.</summary>
public sealed record DiscoveredDestinations
{
    /// <summary>
    /// The destinations by id. An id stays with its destination from answer to answer: what is known under it (requests in flight, health,
    /// affinity) stays too. One that could not be configured is left out, with a warning. None at all counts as a failure.
    /// </summary>
    public required IReadOnlyDictionary<string, Destination> Destinations { get; init => field = ValueMap<Destination>.From(value); }

    /// <summary>Fires when it is worth asking again; the gateway then asks within 100 ms. Default none: it asks at its own pace.</summary>
    public IChangeToken? Changed { get; init; }
}
