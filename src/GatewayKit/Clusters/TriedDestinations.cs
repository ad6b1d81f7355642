namespace GatewayKit.Clusters;

/// <summary>The destinations that a request was at already. Up to three are kept, as many as there are attempts.</summary>
internal struct TriedDestinations
{
    private DestinationState? _first, _second, _third;

    public readonly bool IsEmpty => _first is null;

    public void Add(DestinationState destination)
    {
        if (!Contains(destination))
        {
            (_first, _second, _third) = _first is null ? (destination, null, null) : _second is null ? (_first, destination, (DestinationState?)null) : (_first, _second, destination);
        }
    }

    public readonly bool Contains(DestinationState destination) =>
        ReferenceEquals(_first, destination) || ReferenceEquals(_second, destination) || ReferenceEquals(_third, destination);
}
