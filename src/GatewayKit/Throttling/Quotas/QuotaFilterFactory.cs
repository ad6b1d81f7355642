using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Quotas;

/// <summary>Lets a request through while its quota lasts.</summary>
internal sealed class QuotaFilterFactory(Quotas quotas, ThrottleAllowances allowances) : GatewayFilterFactory<QuotaPolicy>, ILimitReaders
{
    LimitReader ILimitReaders.ReaderOf(IGatewayPolicy policy, GatewayEndpoint endpoint) => quotas.For(endpoint, (QuotaPolicy)policy).ReadAsync;

    protected override EndpointFilterDelegate Create(QuotaPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var quota = quotas.For(endpoint, policy);

        // What a quota in shadow mode would refuse goes on, so that nothing is given back for it.
        ThrottleLimit[] throttles = policy.Mode is PolicyMode.Enforce
            ? [.. endpoint.Policies.OfType<ThrottlePolicy>().Where(static one => one.Mode is PolicyMode.Enforce).Select(one => new ThrottleLimit(one, allowances.For(endpoint, one)))]
            : [];
        return context =>
        {
            var reserving = quota.ReserveAsync(context.HttpContext, out var cost);
            return reserving.IsCompletedSuccessfully ? Go(quota, reserving.Result, cost, throttles, context, next) : AwaitAsync(quota, reserving, cost, throttles, context, next);
        };
    }

    private static async ValueTask<object?> AwaitAsync(
        Quota quota, ValueTask<QuotaCounter.Count> reserving, long cost, ThrottleLimit[] throttles, EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        await Go(quota, await reserving.ConfigureAwait(false), cost, throttles, context, next).ConfigureAwait(false);

    private static ValueTask<object?> Go(
        Quota quota, in QuotaCounter.Count count, long cost, ThrottleLimit[] throttles, EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = GatewayContext.From(invocation);
        if (count.Answer.IsAccepted)
        {
            if (count.Store is not null)
            {
                quota.Admit(context, count);
            }

            return next(invocation);
        }

        var problem = quota.Refuse(context, count, cost);

        // All or nothing: what is refused here has taken nothing of throttles and other quotas.
        foreach (var throttle in throttles)
        {
            throttle.Return(context);
        }

        return quota.IsEnforced && context.HttpContext.Features.Get<QuotaCharges>() is { } charges ? ReleaseAsync(charges, problem) : new(problem);
    }

    private static async ValueTask<object?> ReleaseAsync(QuotaCharges charges, GatewayProblem problem)
    {
        await charges.ReleaseAsync().ConfigureAwait(false);
        return problem;
    }
}
