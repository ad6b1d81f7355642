using GatewayKit.Clusters.Balancing;
using GatewayKit.Resilience;

namespace GatewayKit.Clusters.Health;

/// <summary>
/// Narrows the destinations of a cluster to those that may be picked, in this order: what drains, what a circuit keeps out, what health checks and
/// ejections keep out unless that is too much. Absolute evidence, which is the circuit's own, may keep out all; relative evidence never does.
/// </summary>
internal sealed class AvailabilityRule(ClusterHealth settings, Balancer balancer, ClusterVitals vitals, bool isInForce)
{
    /// <summary>What of a cluster may be picked now.</summary>
    public static Availability Of(ClusterState cluster) => cluster.Vitals is { } vitals
        ? new AvailabilityRule(cluster.Cluster.Health, cluster.Balancer, vitals, vitals.Current == cluster).Of(cluster.Destinations)
        : new(new(cluster.Destinations, cluster.Destinations.Where(static destination => !destination.IsDraining).Select(Candidate.Whole), cluster.Balancer), long.MaxValue);

    private Availability Of(IReadOnlyList<DestinationState> destinations)
    {
        var members = settings.MembersOf(destinations);
        if (isInForce)
        {
            // Settings that may yet be refused, or are no longer in force, change nobody's state.
            Lift(members);
        }

        var fit = members.Count(IsFit);
        var isPanic = settings.IsPanic(fit, members.Length);
        var slowStart = new SlowStartRule(settings.SlowStart, members, vitals.CallsPerSecond, vitals.Time);
        if (isInForce && slowStart.HasPlace)
        {
            CountStarts(members, slowStart);
        }

        var (candidates, expires, recovering, isOpen) = (new List<Candidate>(destinations.Count), slowStart.NextStep, 0, false);
        foreach (var destination in destinations)
        {
            if (destination.IsDraining || destination.Health is not { } health || settings.Awaits(health))
            {
                continue;
            }

            var circuit = health.Circuit;
            expires = Math.Min(expires, circuit.NextChange);
            if (circuit.Share is var share && share <= 0)
            {
                // One that is isolated did not fail, and will not be tried again in a moment.
                isOpen |= circuit.State is not CircuitState.Isolated && settings.TakesPart(destination) && !settings.KeepsOut(health);
            }
            else if (isPanic || !settings.KeepsOut(health))
            {
                var weight = destination.Weight * share * slowStart.ShareOf(health);
                candidates.Add(new(destination, weight));
                recovering += weight > 0 && circuit is { Bites: true, State: CircuitState.Recovering } ? 1 : 0;
            }
        }

        var set = new DestinationSet(destinations, candidates, balancer);
        return new(set, expires)
        {
            IsPanic = isPanic,
            Members = (members.Length, fit),
            IsRecovering = recovering > 0 && recovering == set.Count,
            Refusal = isOpen ? PickRefusal.CircuitsOpen : PickRefusal.NoneHealthy,
        };
    }

    private bool IsFit(DestinationHealth member) => !member.IsEjected && !settings.KeepsOut(member);

    // Those that were only worse than others are given back before anything that was found ill by itself is used, and before there is nobody left.
    private void Lift(DestinationHealth[] members)
    {
        DestinationHealth[] ejected = Array.FindAll(members, static member => member.IsEjected);
        if (ejected.Length > 0 && (settings.IsPanic(members.Count(IsFit), members.Length) || !Array.Exists(members, IsOfUse)))
        {
            Array.ForEach(ejected, static member => member.Circuit.Close());
            vitals.Telemetry.EjectionsLifted(vitals.ClusterId, ejected);
        }
    }

    private void CountStarts(DestinationHealth[] members, SlowStartRule slowStart)
    {
        foreach (var member in members)
        {
            if (slowStart.IsStarting(member) && member.TakeStart())
            {
                vitals.Telemetry.Started(vitals.ClusterId, member.Id, settings.SlowStart.Mode is Pipeline.PolicyMode.Shadow);
            }
        }
    }

    private bool IsOfUse(DestinationHealth member) => member.Circuit.Share > 0 && !settings.KeepsOut(member);
}
