namespace GatewayKit.Clusters.Balancing;

/// <summary>Draws two and takes the less busy: nearly as even as looking at all of them, without the herd that follows the least busy one.</summary>
internal sealed class PowerOfTwoChoicesPicker(Random random) : DestinationPicker
{
    // The draw already honours the weights, so idle ones take their shares; what is in flight is compared by weight, so busy ones do too.
    public override int Pick(CandidateGroup group, in RequestHash key, in TriedDestinations excluded)
    {
        var first = group.Draw(random, excluded);
        if (first < 0)
        {
            return first;
        }

        var other = group.DrawOther(random, first, excluded);
        return group[first].Destination.InFlight * group.Line[other] > group[other].Destination.InFlight * group.Line[first] ? other : first;
    }
}
