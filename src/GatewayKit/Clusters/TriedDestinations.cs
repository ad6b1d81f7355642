namespace GatewayKit.Clusters;

/// <summary>
/// Destinations that a request was at already, or that refused it. Nothing is allocated for up to four, which is more than there are attempts. A copy
/// is a set of its own.
/// </summary>
internal struct TriedDestinations
{
    private DestinationState? _first, _second, _third, _fourth;
    private DestinationState[]? _more;

    public readonly bool IsEmpty => _first is null;

    public void Add(DestinationState destination)
    {
        if (Contains(destination))
        {
            return;
        }

        if (_first is null)
        {
            _first = destination;
        }
        else if (_second is null)
        {
            _second = destination;
        }
        else if (_third is null)
        {
            _third = destination;
        }
        else if (_fourth is null)
        {
            _fourth = destination;
        }
        else
        {
            _more = [.. _more ?? [], destination];
        }
    }

    public readonly bool Contains(DestinationState destination) =>
        ReferenceEquals(_first, destination) || ReferenceEquals(_second, destination) || ReferenceEquals(_third, destination)
        || ReferenceEquals(_fourth, destination) || (_more is not null && Array.IndexOf(_more, destination) >= 0);
}
