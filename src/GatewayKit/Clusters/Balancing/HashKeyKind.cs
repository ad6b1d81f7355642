namespace GatewayKit.Clusters.Balancing;

/// <summary>Where the key of a request is.</summary>
internal enum HashKeyKind
{
    ClientAddress,
    Path,
    Header,
    Cookie,
    Query,
    RouteValue,
}
