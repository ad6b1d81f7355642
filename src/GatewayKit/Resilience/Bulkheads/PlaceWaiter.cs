namespace GatewayKit.Resilience.Bulkheads;

/// <summary>Somebody who waits for a place, by what terms, and as one of which class; <see langword="null"/> if the terms know no classes.</summary>
internal sealed class PlaceWaiter(PlaceTerms terms, PlaceShare? share) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public PlaceTerms Terms => terms;

    public PlaceShare? Share => share;
}
