namespace GatewayKit.Resilience.Faults;

/// <summary>Where faults are injected.</summary>
public enum FaultPosition
{
    /// <summary>In front of everything that could help: tests callers. Nothing is sent to a destination, and none is blamed.</summary>
    Client,

    /// <summary>Around each attempt at a destination: tests retries, breakers and timeouts, which take it for the destination's own doing.</summary>
    Destination,
}

/// <summary>How often faults at <see cref="FaultPosition.Destination"/> are drawn.</summary>
public enum FaultDraw
{
    /// <summary>Each attempt for itself.</summary>
    PerAttempt,

    /// <summary>Once for a request: all of its attempts meet the same.</summary>
    PerRequest,
}
