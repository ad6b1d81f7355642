namespace GatewayKit.Clusters;

/// <summary>Makes the states of destinations, keeping those that are known of what did not change.</summary>
internal static class DestinationStates
{
    /// <param name="destinations">The destinations that there are from now on.</param>
    /// <param name="known">The states before; the first of an id counts.</param>
    public static DestinationState[] Of(IReadOnlyCollection<KeyValuePair<string, Destination>> destinations, IReadOnlyCollection<DestinationState> known)
    {
        var byId = new Dictionary<string, DestinationState>(known.Count, StringComparer.Ordinal);
        foreach (var state in known)
        {
            byId.TryAdd(state.Id, state);
        }

        return [.. destinations.Select(entry => Of(entry.Key, entry.Value, byId.GetValueOrDefault(entry.Key)))];
    }

    private static DestinationState Of(string id, Destination destination, DestinationState? before)
    {
        if (before is not null && before.Destination == destination)
        {
            return before;
        }

        var state = new DestinationState(id, destination);
        return before is not null && state.IsSameAs(before) ? state.Continue(before) : state;
    }
}
