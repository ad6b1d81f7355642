namespace GatewayKit.Routing;

/// <summary>What the host's <c>Map…</c> calls say of routes, which no source of routes knows.</summary>
/// <param name="FromCode">The routes of <c>MapGatewayRoute()</c>, by the ids that their endpoints have.</param>
/// <param name="PrefixParameters">The names of the parameters in the prefixes of groups.</param>
/// <param name="HasConfigured">Whether there is a <c>MapGatewayRoutes()</c>.</param>
/// <param name="AreSelected">Whether every <c>MapGatewayRoutes()</c> has a condition, so that two configured routes may never meet.</param>
internal sealed record MappedRoutes(IReadOnlyList<GatewayRoute> FromCode, IReadOnlyCollection<string> PrefixParameters, bool HasConfigured, bool AreSelected);
