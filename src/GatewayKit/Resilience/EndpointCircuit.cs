namespace GatewayKit.Resilience;

/// <summary>The circuit of an endpoint, and what people call the endpoint.</summary>
internal sealed class EndpointCircuit(string stateKey, string routeId, CircuitBreaker breaker)
{
    private long _serving;

    public string StateKey => stateKey;

    public string RouteId => routeId;

    public CircuitBreaker Breaker => breaker;

    /// <summary>Grows each time an endpoint is built with it, also for a configuration that is refused then.</summary>
    public long BuildNumber { get; set; }

    /// <summary>The latest build of the endpoint that has served a request with it; 0 before the first.</summary>
    public long Serving => Volatile.Read(ref _serving);

    /// <summary>A build of the endpoint serves a request with it.</summary>
    public void Serve(long buildNumber)
    {
        // A request of an older build may come late, and two at once for the first time: the larger number stays in the end.
        if (Volatile.Read(ref _serving) < buildNumber)
        {
            Volatile.Write(ref _serving, buildNumber);
        }
    }
}
