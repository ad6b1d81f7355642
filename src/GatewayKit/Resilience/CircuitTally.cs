namespace GatewayKit.Resilience;

/// <summary>What a window holds.</summary>
/// <param name="Results">How many results.</param>
/// <param name="Failures">How many of them are failures.</param>
/// <param name="Slow">How many of them took too long, whatever they were.</param>
internal readonly record struct CircuitTally(long Results, long Failures, long Slow)
{
    /// <summary>Why a circuit opens that has seen this; <see langword="null"/> if it does not.</summary>
    /// <param name="policy">The rules.</param>
    /// <param name="inARow">How many failures came last without anything else between them.</param>
    public string? ReasonToOpen(CircuitBreakerPolicy policy, int inARow) =>
        Results < policy.MinResults ? policy.FailuresInARow > 0 && inARow >= policy.FailuresInARow ? CircuitReasons.FailuresInARow : null
        : Failures * 100.0 >= policy.FailurePercent * Results ? CircuitReasons.FailureShare
        : policy.SlowCall is not null && Slow * 100.0 >= policy.SlowPercent * Results ? CircuitReasons.SlowShare
        : null;

    /// <summary>How many results speak for that reason.</summary>
    public long Against(string reason) => reason is CircuitReasons.SlowShare ? Slow : Failures;
}
