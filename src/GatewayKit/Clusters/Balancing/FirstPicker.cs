namespace GatewayKit.Clusters.Balancing;

/// <summary>Takes the first by id, which is the order that configuration keeps. While it starts or recovers it takes its share, and the next one the rest.</summary>
internal sealed class FirstPicker(Random random) : DestinationPicker
{
    public override int Pick(CandidateGroup group, in RequestHash key, in TriedDestinations excluded)
    {
        var first = -1;
        for (var i = 0; i < group.Count; i++)
        {
            ref readonly var candidate = ref group[i];
            if (excluded.Contains(candidate.Destination))
            {
                continue;
            }

            if (candidate.Share >= 1 || random.NextDouble() < candidate.Share)
            {
                return i;
            }

            first = first < 0 ? i : first;
        }

        return first;
    }
}
