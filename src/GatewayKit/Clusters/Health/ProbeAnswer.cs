namespace GatewayKit.Clusters.Health;

/// <summary>What came of one health check.</summary>
/// <param name="Outcome">What it says.</param>
/// <param name="Detail">What was seen, for people, if anything was.</param>
internal readonly record struct ProbeAnswer(ProbeOutcome Outcome, string? Detail = null);
