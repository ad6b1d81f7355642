using System.Collections.Frozen;

namespace GatewayKit.Clusters.Affinity;

/// <summary>The destinations of a cluster that sessions may be bound to: those it has, and those that left it and still drain. Immutable.</summary>
internal sealed class SessionPlaces
{
    private readonly FrozenDictionary<ulong, DestinationState> _byIdentity;

    /// <param name="destinations">Those that the cluster has.</param>
    /// <param name="before">Those that sessions could be bound to before.</param>
    public SessionPlaces(IReadOnlyList<DestinationState> destinations, SessionPlaces? before)
    {
        var places = destinations.ToDictionary(IdentityOf);
        foreach (var (identity, state) in before?._byIdentity ?? FrozenDictionary<ulong, DestinationState>.Empty)
        {
            if (!state.IsDrained)
            {
                places.TryAdd(identity, state);
            }
        }

        _byIdentity = places.ToFrozenDictionary();
    }

    public DestinationState? Find(ulong identity) => _byIdentity.GetValueOrDefault(identity);

    /// <summary>What a destination is known by: a hash of its id and address. At another address it is another one, without the sessions.</summary>
    public static ulong IdentityOf(DestinationState destination) =>
        SipHash.Common.Hash($"{destination.Id}\n{destination.Destination.Address.AbsoluteUri}").High;
}
