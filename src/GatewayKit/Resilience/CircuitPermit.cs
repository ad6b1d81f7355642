namespace GatewayKit.Resilience;

/// <summary>Leave to call through a circuit. Its holder says once what came of the call.</summary>
/// <param name="Generation">The generation of the circuit that granted it; results of one that is gone change nothing. 0 for a call that is not looked at.</param>
/// <param name="IsProbe">Whether it is one of the few calls that show whether it is well again.</param>
internal readonly record struct CircuitPermit(int Generation, bool IsProbe);
