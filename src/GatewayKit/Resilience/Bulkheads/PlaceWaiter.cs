namespace GatewayKit.Resilience.Bulkheads;

/// <summary>Somebody who waits for a place.</summary>
/// <param name="turn">Who came earlier has a lower one.</param>
internal sealed class PlaceWaiter(long turn) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public long Turn => turn;
}
