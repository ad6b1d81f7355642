namespace GatewayKit.Throttling.Quotas;

/// <summary>Which requests a quota counts. What others have reserved is given back when they are done.</summary>
public enum QuotaCountWhen
{
    /// <summary>
    /// Those that reached a destination or an endpoint of the host, whatever that answered. Not those that the gateway refused, answered from what is stored, or
    /// failed by itself with a status of 500 and above.
    /// </summary>
    Served,

    /// <summary>Those of them that were answered with a status below 400.</summary>
    Succeeded,
}
