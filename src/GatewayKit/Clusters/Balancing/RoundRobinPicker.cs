namespace GatewayKit.Clusters.Balancing;

/// <summary>Takes them in turn.</summary>
internal sealed class RoundRobinPicker : DestinationPicker
{
    public override int Pick(CandidateGroup group, in RequestHash key, in TriedDestinations excluded)
    {
        var index = group.NextInTurn();
        for (var i = 0; i < group.Count; i++, index = index + 1 < group.Count ? index + 1 : 0)
        {
            if (!excluded.Contains(group[index].Destination))
            {
                return index;
            }
        }

        return -1;
    }
}
