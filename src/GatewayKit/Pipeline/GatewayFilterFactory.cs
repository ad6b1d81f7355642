using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>Turns one policy on one endpoint into one link of the chain. One instance, from DI, serves all endpoints.</summary>
/// <typeparam name="TPolicy">The policy it serves; register the pair with <see cref="GatewayBuilder.AddPolicy{TPolicy, TFactory}(string)"/>.</typeparam>
public abstract class GatewayFilterFactory<TPolicy> : IGatewayFilterFactory
    where TPolicy : class, IGatewayPolicy
{
    /// <summary>Builds the link that runs <paramref name="policy"/> in front of <paramref name="next"/>.</summary>
    /// <param name="policy">The effective policy of the endpoint.</param>
    /// <param name="endpoint">The endpoint that is being built.</param>
    /// <param name="next">The rest of the pipeline. Return it unchanged when there is nothing to do: the policy then costs nothing.</param>
    /// <returns>
    /// A delegate that lets a request through by calling <paramref name="next"/> and refuses it by returning a
    /// <see cref="GatewayProblem"/> without calling it, or afterwards by returning <see cref="GatewayContext.RefuseAnswer"/>. Modes and records are not its business: the pipeline sees both.
    /// </returns>
    /// <remarks>Runs each time an endpoint is built, which is more than once. Compose here; keep state in the factory or in another singleton.</remarks>
    protected abstract EndpointFilterDelegate Create(TPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next);

    EndpointFilterDelegate IGatewayFilterFactory.Create(IGatewayPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) =>
        Create((TPolicy)policy, endpoint, next);
}

/// <summary>The same without the type of the policy, for the composer.</summary>
internal interface IGatewayFilterFactory
{
    EndpointFilterDelegate Create(IGatewayPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next);
}
