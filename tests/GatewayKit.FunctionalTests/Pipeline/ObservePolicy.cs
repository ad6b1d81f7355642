using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>Calls back when the rest of the pipeline has returned.</summary>
internal sealed record ObservePolicy(Action<GatewayContext> Returned) : IGatewayPolicy
{
    public GatewayStage Stage => GatewayStage.Observe;

    public PolicyMode Mode { get; init; }
}

internal sealed class ObserveFilterFactory : GatewayFilterFactory<ObservePolicy>
{
    protected override EndpointFilterDelegate Create(ObservePolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) =>
        async context =>
        {
            var result = await next(context);
            policy.Returned(GatewayContext.From(context));
            return result;
        };
}
