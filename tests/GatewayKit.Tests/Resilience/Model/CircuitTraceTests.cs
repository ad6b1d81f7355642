namespace GatewayKit.Tests.Resilience.Model;

/// <summary>The circuit breaker beside its model, on random traces of everything that can happen to it.</summary>
public sealed class CircuitTraceTests
{
    [Fact]
    public void Breaker_does_what_its_model_does_in_a_hundred_thousand_traces() => TraceRunner.Run(100_000, static trace => new CircuitTrace(trace).Run());
}
