namespace GatewayKit.Pipeline;

/// <summary>
/// The products that a route is part of, as metadata: with the endpoint, not looked up, so that a request on an endpoint that a reload is replacing goes by what held when it was built.
/// </summary>
/// <param name="Ids">Their ids.</param>
internal sealed record RouteProducts(ValueList<string> Ids);
