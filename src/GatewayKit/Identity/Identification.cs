using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Identity;

/// <summary>Makes a caller known to the request.</summary>
internal static class Identification
{
    // Two credentials of two callers: whoever it is, one of them is not theirs.
    private static readonly GatewayProblem Contradiction = new(RejectionReason.Forbidden, "The credentials belong to different callers.") { Cause = "consumers-differ" };
    private static readonly GatewayProblem NotSubscribed = new(RejectionReason.NotSubscribed);

    /// <summary>Builds the link that lets requests through whose caller a check finds, and makes that caller known.</summary>
    /// <param name="check">Looks at the credentials of a request.</param>
    /// <param name="absent">What to say if there are none.</param>
    /// <param name="isEnforced">Whether the policy that looks refuses requests; one that is only tried does not decide who calls.</param>
    /// <param name="next">The rest of the pipeline.</param>
    public static EndpointFilterDelegate Link(AuthenticationCheck check, GatewayProblem absent, bool isEnforced, EndpointFilterDelegate next)
    {
        return invocation =>
        {
            var context = GatewayContext.From(invocation);
            var checking = check(context);
            return !checking.IsCompletedSuccessfully ? AwaitAsync(checking, context)
                : Apply(context, checking.Result, absent, isEnforced) is { } problem ? new(problem)
                : next(context);
        };

        async ValueTask<object?> AwaitAsync(ValueTask<AuthenticationOutcome> checking, GatewayContext context) =>
            Apply(context, await checking.ConfigureAwait(false), absent, isEnforced) ?? await next(context).ConfigureAwait(false);
    }

    /// <summary>What two methods of which one is enough say of one request.</summary>
    /// <param name="first">What came first.</param>
    /// <param name="next">What came then.</param>
    public static AuthenticationOutcome Combine(AuthenticationOutcome first, AuthenticationOutcome next) =>
        first.IsAbsent || next.Problem is not null ? next
        : next.Consumer is not { } other || first.Consumer is not { } one ? first
        : !AreOne(one, other) ? AuthenticationOutcome.Refuse(Contradiction)
        : AuthenticationOutcome.Accept(one.AlsoFoundAs(other));

    // Why the request is refused, if it is.
    private static GatewayProblem? Apply(GatewayContext context, AuthenticationOutcome outcome, GatewayProblem absent, bool isEnforced)
    {
        if (outcome.Consumer is not { } consumer)
        {
            return outcome.Problem ?? absent;
        }

        // Whoever says who calls, of hosts too: what belongs to a product is for its subscribers.
        if (ProductsOf(context) is { Count: > 0 } products && !Product.IsAmong(products, consumer.ProductId))
        {
            return NotSubscribed;
        }

        if (context.Consumer is not { } known || (known.IsOnTrial && isEnforced))
        {
            context.Consumer = isEnforced ? consumer : consumer.OnTrial();
        }
        else if (!AreOne(known, consumer))
        {
            // Several methods that are all asked for: the first says who calls, the others have to agree.
            return Contradiction;
        }
        else if (known.IsOnTrial != isEnforced && known.AlsoFoundAs(consumer) is var joined && !ReferenceEquals(joined, known))
        {
            // What the first grants holds, and what another says of the same caller. What is only tried adds nothing to what is in force.
            context.Consumer = joined;
        }
        else
        {
            return null;
        }

        if (isEnforced)
        {
            context.ClassifyCaller();
        }

        return null;
    }

    // Two applications of one consumer are two callers, each with what it was granted.
    private static bool AreOne(GatewayConsumer one, GatewayConsumer other) =>
        one.Id == other.Id && (one.ApplicationId is null || other.ApplicationId is null || one.ApplicationId == other.ApplicationId);

    // Routes know by themselves.
    private static IReadOnlyList<string> ProductsOf(GatewayContext context) =>
        context.Endpoint.Products ?? context.HttpContext.RequestServices?.GetService<ConsumerDirectory>()?.Catalog.ProductsOf(context.Endpoint) ?? ValueList<string>.Empty;
}
