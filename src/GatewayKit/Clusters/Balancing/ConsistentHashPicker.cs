namespace GatewayKit.Clusters.Balancing;

/// <summary>
/// Takes the destination that the key belongs to, unless that has its fill. The overflow is spread by a second hash: going on to the neighbour, as
/// probing does, would fill that one next.
/// </summary>
/// <param name="boundedLoad">How many times its share a destination takes; 0 for no bound.</param>
/// <param name="withoutKey">The rule for requests without a key.</param>
internal sealed class ConsistentHashPicker(double boundedLoad, DestinationPicker withoutKey) : DestinationPicker
{
    private readonly double _bound = boundedLoad > 0 ? boundedLoad : double.PositiveInfinity;

    public override int Pick(CandidateGroup group, in RequestHash key, in TriedDestinations excluded)
    {
        if (!key.IsPresent)
        {
            return withoutKey.Pick(group, key, excluded);
        }

        var home = group.Places.Find(key.Home);
        if (!excluded.Contains(group[home].Destination) && (group[home].Destination.InFlight == 0 || double.IsInfinity(_bound) || HasRoom(group, home, group.InFlight)))
        {
            return home;
        }

        var state = new Search(this, group, excluded, group.InFlight);
        var away = group.Places.Find(key.Away, state, static (state, index) =>
            !state.Excluded.Contains(state.Group[index].Destination) && state.Picker.HasRoom(state.Group, index, state.InFlight));

        // More arrived meanwhile than there is room for: any that is left.
        return away >= 0 ? away : group.Places.Find(key.Away, state, static (state, index) => !state.Excluded.Contains(state.Group[index].Destination));
    }

    private bool HasRoom(CandidateGroup group, int index, long inFlight) =>
        group[index].Destination.InFlight + 1 <= Math.Ceiling(_bound * (inFlight + 1) * group.Line[index] / group.Line.Total);

    private readonly ref struct Search(ConsistentHashPicker picker, CandidateGroup group, in TriedDestinations excluded, long inFlight)
    {
        public readonly ConsistentHashPicker Picker = picker;
        public readonly CandidateGroup Group = group;
        public readonly TriedDestinations Excluded = excluded;
        public readonly long InFlight = inFlight;
    }
}
