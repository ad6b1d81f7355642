namespace GatewayKit.Resilience;

/// <summary>What a call says of the one who was called.</summary>
internal enum CallResult
{
    /// <summary>It is well.</summary>
    Success,

    /// <summary>It is ill.</summary>
    Failure,

    /// <summary>Nothing: the call ended for a reason of somebody else's.</summary>
    Neutral,
}
