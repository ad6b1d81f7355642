using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Attaches gateway policies to endpoints: what every <c>With…</c> and <c>Require…</c> is made of.</summary>
public static class GatewayPolicyEndpointConventionBuilderExtensions
{
    /// <summary>Adds a policy to these endpoints: gateway routes, endpoints of the host, controllers or a group of them.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">What is asked of the gateway. It overrides a policy of the same slot that a group or the defaults added.</param>
    /// <param name="validator">Checks the policy here and now, so that the stack trace names the caller's line. Default: no check.</param>
    /// <exception cref="OptionsValidationException"><paramref name="validator"/> rejects the policy.</exception>
    public static TBuilder WithGatewayPolicy<TBuilder, TPolicy>(this TBuilder builder, TPolicy policy, IValidateOptions<TPolicy>? validator = null)
        where TBuilder : IEndpointConventionBuilder
        where TPolicy : class, IGatewayPolicy
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (validator?.Validate(name: null, policy) is { Failed: true } invalid)
        {
            throw new OptionsValidationException(typeof(TPolicy).Name, typeof(TPolicy), invalid.Failures);
        }

        builder.Add(endpoint => endpoint.AddGatewayPolicy(policy));
        return builder;
    }

    /// <summary>
    /// Adds a policy to one endpoint that is being built: what a convention calls that decides by the endpoint itself, such as by the
    /// controller it belongs to. Not for <c>Finally</c> conventions: the pipeline is built by then, and the host refuses to start.
    /// </summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="policy">What is asked of the gateway.</param>
    public static void AddGatewayPolicy(this EndpointBuilder endpoint, IGatewayPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(policy);
        endpoint.Metadata.Add(policy);
        PipelineFilterFactory.AddTo(endpoint);
        if (policy is IArrivalPolicy { SeesArrival: true })
        {
            PipelineArrival.AddTo(endpoint);
        }
    }
}
