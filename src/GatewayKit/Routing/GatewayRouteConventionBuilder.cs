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

    public void Apply(EndpointBuilder builder) => Apply(_conventions, builder);

    public void ApplyFinally(EndpointBuilder builder) => Apply(_finallyConventions, builder);

    private static void Apply(List<Action<EndpointBuilder>> conventions, EndpointBuilder builder)
    {
        foreach (var convention in conventions)
        {
            convention(builder);
        }
    }
}
