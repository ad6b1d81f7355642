using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace GatewayKit.Transforms;

/// <summary>Compiles the steps of an endpoint once, and hands the result to each request.</summary>
internal sealed class TransformFilterFactory(IOptions<GatewayOptions> options) : GatewayFilterFactory<TransformPolicy>
{
    protected override EndpointFilterDelegate Create(TransformPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        TransformPolicyValidator.ThrowIfUnfit(policy, endpoint, options.Value);
        var plan = new TransformPlan(policy.Steps);
        if (policy.Mode is PolicyMode.Shadow)
        {
            return next;
        }

        return (ChangesForwarding: plan.ChangesForwarding && endpoint.ClusterId is not null, plan.ChangesResponse) switch
        {
            (false, false) => next,
            (true, false) => context =>
            {
                GatewayContext.From(context).AddForwardTransform(plan);
                return next(context);
            },
            (var forwards, true) => context =>
            {
                var request = GatewayContext.From(context);
                if (forwards)
                {
                    request.AddForwardTransform(plan);
                }

                // Whoever makes the answer, also a refusal or a failure, this is the last moment before its head is sent.
                request.HttpContext.Response.OnStarting(plan.ResponseStarting, request);
                return next(context);
            },
        };
    }
}
