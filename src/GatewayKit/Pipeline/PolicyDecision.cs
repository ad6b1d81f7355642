namespace GatewayKit.Pipeline;

/// <summary>What one policy decided about one request. The same value stands in log, metric, problem body and audit record.</summary>
/// <param name="Policy">The name the policy is registered under, such as <c>Throttle</c>.</param>
/// <param name="Mode">The mode it ran in: <see cref="PolicyMode.Shadow"/> also for a caller that a policy in force is not for.</param>
/// <param name="Outcome">What it decided.</param>
/// <param name="Reason">Why it refused or would have refused; <see langword="null"/> when it did not, or answered by other means.</param>
/// <param name="EnforcePercent">Of how many of a hundred callers it refuses requests where it is in force.</param>
/// <param name="Candidate">What its candidate decided, <see cref="PolicyOutcome.Allowed"/> or <see cref="PolicyOutcome.WouldRefuse"/>; <see langword="null"/> if it has none.</param>
public readonly record struct PolicyDecision(string Policy, PolicyMode Mode, PolicyOutcome Outcome, RejectionReason? Reason, int EnforcePercent = 100, PolicyOutcome? Candidate = null);
