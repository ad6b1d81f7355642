using GatewayKit.Routing;

namespace GatewayKit.Configuration;

/// <summary>What came of an attempt to apply a configuration.</summary>
/// <param name="Snapshot">The snapshot in force after the attempt: the new one, or the last good one.</param>
/// <param name="Errors">Why the new one was rejected; empty if it was accepted.</param>
public sealed record ApplyResult(GatewaySnapshot Snapshot, IReadOnlyList<ConfigurationError> Errors)
{
    /// <summary>Whether the configuration is in force.</summary>
    public bool Accepted => Errors.Count == 0;
}
