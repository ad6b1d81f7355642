using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Fallbacks;

/// <summary>The fallback of one endpoint.</summary>
internal sealed class FallbackLink(
    FallbackPolicy policy, GatewayEndpoint endpoint, FallbackRules rules, EndpointFilterDelegate next, FallbackEndpoints endpoints, IClusterSender clusters, FallbackMetrics metrics)
{
    /// <summary>The field that says what has answered.</summary>
    public const string Header = "X-Gateway-Fallback";

    // In shadow mode, any other result than the pipeline's own says that the policy would have changed it.
    private static readonly object WouldStandIn = new();

    private readonly string _kind = FallbackMetrics.NameOf(policy.Kind);
    private readonly StaticAnswer? _answer = policy.Answer is { } answer ? new(answer) : null;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<object?> RunAsync(EndpointFilterInvocationContext invocation)
    {
        var context = GatewayContext.From(invocation);
        context.IsBodyWanted |= policy.Kind is FallbackKind.Cluster;
        object? result = null;
        FallbackCause? cause;
        try
        {
            result = await next(context).ConfigureAwait(false);
            cause = FallbackRules.CauseOf(context.HttpContext, result);
            if (cause is not { } failure || !MayStandIn(context, failure))
            {
                return result;
            }
        }
        catch (Exception exception) when (MayStandIn(context, new(context.HttpContext, null, StatusCodes.Status500InternalServerError, exception)) && policy.Mode is PolicyMode.Enforce)
        {
            cause = new(context.HttpContext, null, StatusCodes.Status500InternalServerError, exception);
        }

        return policy.Mode is PolicyMode.Shadow ? WouldStandIn : await StandInAsync(context, result, cause.Value).ConfigureAwait(false);
    }

    private bool MayStandIn(GatewayContext context, in FallbackCause cause)
    {
        if (!rules.Names(cause))
        {
            return false;
        }

        var obstacle = rules.Obstacle(context, cause);
        if (obstacle is not null || policy.Mode is PolicyMode.Shadow)
        {
            metrics.Decided(endpoint, policy.Kind, cause, obstacle ?? "would_use");
        }

        return obstacle is null;
    }

    private async ValueTask<object?> StandInAsync(GatewayContext context, object? failed, FallbackCause cause)
    {
        await GatewayResults.DiscardAsync(failed).ConfigureAwait(false);
        var httpContext = context.HttpContext;
        GatewayProblem.ForgetAbandonedAnswer(httpContext.Response);
        httpContext.Features.Set(new FallbackRecord(_kind, cause.Code));
        var result = policy.Kind switch
        {
            FallbackKind.Answer => _answer,
            FallbackKind.Cluster => await clusters.SendOnceAsync(context, policy.Cluster!).ConfigureAwait(false),
            FallbackKind.Endpoint => endpoints.Find(policy.Endpoint!) is { } found ? new DelegateAnswer(found.RequestDelegate!, found) : new GatewayProblem(RejectionReason.FilterError),
            _ => new DelegateAnswer(policy.Handler!, null),
        };
        metrics.Decided(endpoint, policy.Kind, cause, result is GatewayProblem ? FallbackMetrics.Failed : FallbackMetrics.Used);
        if (policy.SendHeader)
        {
            httpContext.Response.Headers[Header] = _kind;
        }

        return result;
    }
}
