namespace GatewayKit.Resilience.Bulkheads;

/// <summary>Those of one class who wait by the same terms, in the order in which they came: what one of them is refused all are. Only under the lock of the places.</summary>
/// <param name="terms">By what they are let in.</param>
/// <param name="share">What their class is entitled to; <see langword="null"/> if the terms know no classes.</param>
internal sealed class PlaceLine(PlaceTerms terms, PlaceShare? share)
{
    public PlaceTerms Terms => terms;

    public PlaceShare? Share => share;

    public LinkedList<PlaceWaiter> Waiters { get; } = new();

    /// <summary>Who came first of them.</summary>
    public long First => Waiters.First!.Value.Turn;

    /// <summary>Who came last.</summary>
    public long Last => Waiters.Last!.Value.Turn;
}
