namespace GatewayKit.Clusters.Balancing;

/// <summary>
/// Draws two and takes the one that will answer sooner: how long it takes, times what is before the request (Finagle's peak EWMA). The draw honours the
/// weights, so what is in flight counts by weight and the request itself does not.
/// </summary>
internal sealed class PeakEwmaPicker(Random random, TimeProvider time) : DestinationPicker
{
    public override int Pick(CandidateGroup group, in RequestHash key, in TriedDestinations excluded)
    {
        var first = group.Draw(random, excluded);
        if (first < 0)
        {
            return first;
        }

        var other = group.DrawOther(random, first, excluded);
        var now = time.GetTimestamp();
        return Cost(group, first, now) > Cost(group, other, now) ? other : first;
    }

    private static double Cost(CandidateGroup group, int index, long now)
    {
        var destination = group[index].Destination;
        var usual = group.Line.Total / group.Count;
        return (destination.Latency?.Estimate(now) ?? PeakLatency.UnknownSeconds) * (1 + (destination.InFlight * usual / group.Line[index]));
    }
}
