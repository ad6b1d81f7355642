using Microsoft.AspNetCore.Builder;

namespace GatewayKit.Routing;

/// <summary>Collects what the host says of gateway routes after mapping them. Said once, it holds for every reload.</summary>
internal sealed class GatewayRouteConventionBuilder(Action changed) : IEndpointConventionBuilder
{
    private readonly List<Action<EndpointBuilder>> _conventions = [];
    private readonly List<Action<EndpointBuilder>> _finallyConventions = [];

    public void Add(Action<EndpointBuilder> convention)
    {
        _conventions.Add(convention);
        changed();
    }

    public void Finally(Action<EndpointBuilder> finallyConvention)
    {
        _finallyConventions.Add(finallyConvention);
        changed();
    }

    public void Apply(EndpointBuilder builder) => _conventions.ForEach(convention => convention(builder));

    public void ApplyFinally(EndpointBuilder builder) => _finallyConventions.ForEach(convention => convention(builder));
}
