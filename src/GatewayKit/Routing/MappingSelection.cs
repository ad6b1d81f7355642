namespace GatewayKit.Routing;

/// <summary>
/// Which mappings select a route, in order. The same mappings are the same object, so that ten thousand routes share it and an endpoint
/// is recognised by it.
/// </summary>
internal sealed class MappingSelection
{
    private readonly Dictionary<GatewayRouteMapping, MappingSelection> _next = new(ReferenceEqualityComparer.Instance);

    public IReadOnlyList<GatewayRouteMapping> Mappings { get; private init; } = [];

    public MappingSelection With(GatewayRouteMapping mapping)
    {
        if (!_next.TryGetValue(mapping, out var longer))
        {
            _next.Add(mapping, longer = new() { Mappings = [.. Mappings, mapping] });
        }

        return longer;
    }
}
