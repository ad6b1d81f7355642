namespace GatewayKit.Clusters.Balancing;

/// <summary>
/// Takes the one with the fewest requests in flight for its weight. Equals are drawn by weight: whoever always took the first of them would send there
/// what many gateways send at once.
/// </summary>
internal sealed class LeastRequestsPicker(Random random) : DestinationPicker
{
    public override int Pick(CandidateGroup group, in RequestHash key, in TriedDestinations excluded)
    {
        var (least, last, tied, total) = (double.PositiveInfinity, -1, 0, 0.0);
        for (var i = 0; i < group.Count; i++)
        {
            var load = Load(group, i);
            if (load > least || excluded.Contains(group[i].Destination))
            {
                continue;
            }

            if (load < least)
            {
                (least, tied, total) = (load, 0, 0);
            }

            last = i;
            tied++;
            total += group.Line[i];
        }

        return tied > 1 ? Draw(group, least, total, last, excluded) : last;
    }

    // Loads may have moved since they were compared: then the last one that was equal takes it.
    private int Draw(CandidateGroup group, double load, double total, int last, in TriedDestinations excluded)
    {
        var point = random.NextDouble() * total;
        for (var i = 0; i < last; i++)
        {
            if (Load(group, i) == load && !excluded.Contains(group[i].Destination) && (point -= group.Line[i]) < 0)
            {
                return i;
            }
        }

        return last;
    }

    private static double Load(CandidateGroup group, int index) => group[index].Destination.InFlight / group.Line[index];
}
