namespace GatewayKit.Throttling;

/// <summary>What becomes of a request whose limit is kept in a store that does not answer.</summary>
public enum StoreFailureAction
{
    /// <summary>Each instance goes on by itself from what it knew last, with its share of the limit.</summary>
    FallBackToLocal,

    /// <summary>It passes.</summary>
    Allow,

    /// <summary>It is refused with 503 <c>limiter-unavailable</c>.</summary>
    Deny,
}
