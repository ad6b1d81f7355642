namespace GatewayKit.Throttling.Replay;

/// <summary>What the limits of a route made of one request.</summary>
internal enum ReplayOutcome
{
    /// <summary>All let it through.</summary>
    Allowed,

    /// <summary>One in shadow mode would have refused it, and none in force did.</summary>
    WouldRefuse,

    /// <summary>One in force refused it.</summary>
    Refused,
}
