namespace GatewayKit.Clusters.Balancing;

/// <summary>The candidates of one priority, and which of them are near. Immutable.</summary>
internal sealed class DestinationTier
{
    /// <summary>Fewer destinations than this are too few to leave some of them aside.</summary>
    public const int LeastForZones = 6;

    /// <summary>Which share of the own zone has to be available for it to be preferred.</summary>
    public const double LeastHealthyZone = 0.7;

    // Which share of a tier may fail before the next one has to help: 1 of 1.4 is 71 %.
    private const double Overprovisioning = 1.4;

    private readonly CandidateGroup? _all, _near, _far;
    private readonly DestinationPicker _picker;
    private readonly double _mostNear = double.PositiveInfinity;

    /// <param name="priority">The priority of the tier.</param>
    /// <param name="members">All its destinations that have a weight.</param>
    /// <param name="available">Those of them that may be picked, with a weight of more than 0.</param>
    /// <param name="balancer">The rules of the cluster.</param>
    public DestinationTier(int priority, IReadOnlyCollection<DestinationState> members, Candidate[] available, Balancer balancer)
    {
        _picker = balancer.Picker;
        Capacity = members.Count > 0 ? Math.Min(1, Overprovisioning * available.Length / members.Count) : available.Length > 0 ? 1 : 0;
        if (available.Length == 0)
        {
            return;
        }

        Candidate[] near = PrefersNear(members, available, balancer.Zone) ? Array.FindAll(available, candidate => IsIn(balancer.Zone, candidate.Destination)) : [];
        if (near.Length == 0 || near.Length == available.Length)
        {
            _all = new(available, balancer.TurnOf(priority, 'a'));
            return;
        }

        _near = new(near, balancer.TurnOf(priority, 'n'));
        _far = new(available.Except(near), balancer.TurnOf(priority, 'f'));
        _mostNear = balancer.MostInFlightAt(near.Length);
    }

    /// <summary>What share of the traffic it could bear, 0 to 1.</summary>
    public double Capacity { get; }

    /// <summary>Picks one that is not excluded; none if all are.</summary>
    public DestinationState? Pick(in RequestHash key, in TriedDestinations excluded)
    {
        if (_near is null || _far is null)
        {
            return Pick(_all, key, excluded);
        }

        // Only what the near ones have no room for goes far.
        var isFull = _mostNear < double.PositiveInfinity && _near.InFlight >= _mostNear;
        return Pick(isFull ? _far : _near, key, excluded) ?? Pick(isFull ? _near : _far, key, excluded);
    }

    private static bool IsIn(string? zone, DestinationState destination) => string.Equals(zone, destination.Destination.Zone, StringComparison.OrdinalIgnoreCase);

    private static bool PrefersNear(IReadOnlyCollection<DestinationState> members, Candidate[] available, string? zone) =>
        zone is not null && members.Count >= LeastForZones
        && available.Count(candidate => IsIn(zone, candidate.Destination)) >= LeastHealthyZone * members.Count(member => IsIn(zone, member));

    private DestinationState? Pick(CandidateGroup? group, in RequestHash key, in TriedDestinations excluded)
    {
        if (group is null)
        {
            return null;
        }

        // One destination left: there is nothing to decide.
        var picked = group.Count > 1 ? _picker.Pick(group, key, excluded) : excluded.Contains(group[0].Destination) ? -1 : 0;
        return picked < 0 ? null : group[picked].Destination;
    }
}
