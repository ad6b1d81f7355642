namespace GatewayKit.Pipeline;

/// <summary>What one policy decided about one request. The same value stands in log, metric, problem body and audit record.</summary>
/// <param name="Policy">The name the policy is registered under, such as <c>Throttle</c>.</param>
/// <param name="Mode">The mode it ran in.</param>
/// <param name="Outcome">What it decided.</param>
/// <param name="Reason">Why it refused or would have refused; <see langword="null"/> when it did not, or answered by other means.</param>
public readonly record struct PolicyDecision(string Policy, PolicyMode Mode, PolicyOutcome Outcome, RejectionReason? Reason);
