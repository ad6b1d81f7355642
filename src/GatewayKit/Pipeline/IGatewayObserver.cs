namespace GatewayKit.Pipeline;

/// <summary>
/// Told of every request that went through a gateway pipeline, when it is done. Register one in DI. Called on the request's thread:
/// it returns at once. What it throws is logged and changes nothing.
/// </summary>
public interface IGatewayObserver
{
    /// <summary>
    /// A request is done and its status final: on gateway routes after the last byte, on endpoints of the host when the response is
    /// complete. The request's own services may be gone by then.
    /// </summary>
    /// <param name="context">The request; not to be kept after the call.</param>
    void RequestCompleted(GatewayContext context);
}
