namespace GatewayKit.Resilience;

/// <summary>Whether calls go through a circuit.</summary>
public enum CircuitState
{
    /// <summary>They do.</summary>
    Closed,

    /// <summary>They do not, for a while.</summary>
    Open,

    /// <summary>A few do, to see whether it is well again.</summary>
    HalfOpen,

    /// <summary>It is well again, and gets its share little by little.</summary>
    Recovering,

    /// <summary>None do until somebody says so.</summary>
    Isolated,
}
