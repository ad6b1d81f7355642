namespace GatewayKit.Pipeline;

/// <summary>Which answers tell clients of their limits.</summary>
public enum RateLimitOccasion
{
    /// <summary>All that a limit decided on.</summary>
    Always,

    /// <summary>Those that leave a fifth of a limit or less. They tell of the limits of which that is so.</summary>
    NearExhaustion,

    /// <summary>Those that a limit refused.</summary>
    OnReject,
}
