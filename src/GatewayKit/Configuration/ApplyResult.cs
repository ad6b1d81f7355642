using GatewayKit.Routing;

namespace GatewayKit.Configuration;

/// <summary>What came of an attempt to apply a configuration.</summary>
/// <param name="Snapshot">The snapshot in force after the attempt: the new one, or the last good one.</param>
/// <param name="Errors">Why the new one was rejected; empty if it was accepted.</param>
public sealed record ApplyResult(GatewaySnapshot Snapshot, IReadOnlyList<ConfigurationError> Errors)
{
    /// <summary>Whether the configuration is in force.</summary>
    public bool Accepted => Errors.Count == 0;

    /// <summary>What the attempt changed; empty if it was rejected or said what was in force already.</summary>
    public SnapshotDiff Changes { get; init; } = SnapshotDiff.Empty;

    /// <summary>What made it impossible, if something threw.</summary>
    internal Exception? Cause { get; init; }

    /// <summary>Throws if the configuration was rejected.</summary>
    /// <exception cref="GatewayConfigurationException">It was; the message lists every error.</exception>
    public void ThrowIfRejected()
    {
        if (!Accepted)
        {
            throw new GatewayConfigurationException(Errors, Cause);
        }
    }
}
