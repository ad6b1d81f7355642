using GatewayKit.Rollout;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Sends copies of requests elsewhere.</summary>
public static class RolloutEndpointConventionBuilderExtensions
{
    private static readonly MirrorPolicyValidator Validator = new();

    /// <summary>Sends copies of requests to these endpoints to a cluster whose answers nobody gets.</summary>
    /// <param name="builder">The endpoints: gateway routes, or endpoints of the host that are compared with what they replace.</param>
    /// <param name="policy">Where to, which, and how answers are compared. It overrides what a group or the defaults say.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithMirror<TBuilder>(this TBuilder builder, MirrorPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);

    /// <summary>Sends copies of GET and HEAD requests to these endpoints to a cluster whose answers nobody gets.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="cluster">The id of the cluster.</param>
    /// <param name="percent">Percent of the requests, 0 to 100.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithMirror<TBuilder>(this TBuilder builder, string cluster, double percent)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMirror(new MirrorPolicy { Cluster = cluster, Percent = percent });
}
