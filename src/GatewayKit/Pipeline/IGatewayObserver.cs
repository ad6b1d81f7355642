namespace GatewayKit.Pipeline;

/// <summary>
/// Told of every request that went through a gateway pipeline, when it is done. Register one in DI. Called on the request's thread:
/// it returns at once and does not throw.
/// </summary>
public interface IGatewayObserver
{
    /// <summary>A request is done: on gateway routes after the last byte, on endpoints of the host when the pipeline returned.</summary>
    /// <param name="context">The request; not to be kept after the call.</param>
    void RequestCompleted(GatewayContext context);
}

/// <summary>All of them. Costs one field read where there are none.</summary>
internal sealed class GatewayObservers(IEnumerable<IGatewayObserver> observers)
{
    private readonly IGatewayObserver[] _observers = [.. observers];

    public void Completed(GatewayContext context)
    {
        foreach (var observer in _observers)
        {
            observer.RequestCompleted(context);
        }
    }
}
