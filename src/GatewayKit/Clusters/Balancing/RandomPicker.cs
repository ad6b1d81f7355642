namespace GatewayKit.Clusters.Balancing;

/// <summary>Draws one by weight.</summary>
internal sealed class RandomPicker(Random random) : DestinationPicker
{
    public override int Pick(CandidateGroup group, in RequestHash key, in TriedDestinations excluded) => group.Draw(random, excluded);
}
