namespace GatewayKit.Resilience;

/// <summary>The circuit of an endpoint, and what people call the endpoint.</summary>
internal sealed class EndpointCircuit(string stateKey, string routeId, CircuitBreaker breaker)
{
    public string StateKey => stateKey;

    public string RouteId => routeId;

    public CircuitBreaker Breaker => breaker;

    /// <summary>Grows each time an endpoint is built with it: of several circuits of one endpoint the last is in force.</summary>
    public long Turn { get; set; }
}
