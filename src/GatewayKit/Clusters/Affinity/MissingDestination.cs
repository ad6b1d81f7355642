namespace GatewayKit.Clusters.Affinity;

/// <summary>What becomes of a session whose destination is gone or not available.</summary>
public enum MissingDestination
{
    /// <summary>Another destination takes it over, and a new token says so.</summary>
    Redistribute,

    /// <summary>It is answered 503 <c>no-healthy-upstream</c> until the destination is back or the client drops the token.</summary>
    Refuse,
}
