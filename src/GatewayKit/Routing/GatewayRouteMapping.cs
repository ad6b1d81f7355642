namespace GatewayKit.Routing;

/// <summary>
/// One <c>MapGatewayRoutes()</c> or <c>MapGatewayRoute()</c>: which routes, and what the host said of them. A route from code may be
/// named by its pattern, the prefix of its group included.
/// </summary>
internal sealed record GatewayRouteMapping(
    int Index,
    Func<GatewaySnapshot, IEnumerable<GatewayRoute>> Routes,
    Func<GatewayRoute, bool> Where,
    GatewayRouteConventionBuilder Conventions,
    bool IsCode,
    bool IsNamedByPattern = false,
    bool IsConditional = false);
