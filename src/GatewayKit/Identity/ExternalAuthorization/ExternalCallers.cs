using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Schemes;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>Makes a consumer of whom a service names.</summary>
internal sealed class ExternalCallers(
    ExternalAuthorizationPolicy policy, GatewayEndpoint endpoint, ExternalAuthorizationCheck check, ConsumerDirectory directory, ExternalAuthorizationMetrics metrics)
{
    private static readonly AuthenticationOutcome StoreDown = AuthenticationOutcome.Refuse(new(RejectionReason.AuthUnavailable, retryAfter: TimeSpan.FromSeconds(1)) { Cause = "store-unavailable" });

    // The service says nothing of scopes.
    private readonly VouchedCallers _callers = new([], policy.RequireRegistered, insufficient: default, endpoint, directory);

    /// <summary>The same for those who show a credential; others have none of this way.</summary>
    public ValueTask<AuthenticationOutcome> FindIfShownAsync(GatewayContext context)
    {
        if (check.IsAsked(context.HttpContext))
        {
            return FindAsync(context);
        }

        check.Apply(context, answer: null);
        return new(metrics.Count(AuthenticationOutcome.Absent));
    }

    /// <summary>Has the service say who calls.</summary>
    public async ValueTask<AuthenticationOutcome> FindAsync(GatewayContext context)
    {
        var (answer, problem) = await check.DecideAsync(context).ConfigureAwait(false);
        if (answer is null)
        {
            return AuthenticationOutcome.Refuse(problem!);
        }

        if (answer.Verdict is not AuthorizationVerdict.Allowed)
        {
            return AuthenticationOutcome.Refuse(check.Refuse(answer, context.HttpContext));
        }

        var qualified = IdentityPrefixes.ExternalAuthorization + answer.Consumer;
        KnownCredential? known;
        try
        {
            known = await directory.FindAsync(CredentialKind.Identity, qualified, context.HttpContext.RequestAborted).ConfigureAwait(false);
        }
        catch (ConsumerStoreException)
        {
            return metrics.Count(StoreDown);
        }

        var outcome = metrics.Count(_callers.Resolve(known, qualified, granted: null));
        if (outcome.Consumer is not null)
        {
            check.Apply(context, answer);
        }

        return outcome;
    }
}
