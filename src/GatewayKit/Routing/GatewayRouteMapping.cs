namespace GatewayKit.Routing;

/// <summary>One <c>MapGatewayRoutes()</c> or <c>MapGatewayRoute()</c>: which routes, and what the host said of them.</summary>
internal sealed record GatewayRouteMapping(
    int Index,
    Func<GatewaySnapshot, IEnumerable<GatewayRoute>> Routes,
    Func<GatewayRoute, bool> Where,
    GatewayRouteConventionBuilder Conventions,
    bool IsCode);
