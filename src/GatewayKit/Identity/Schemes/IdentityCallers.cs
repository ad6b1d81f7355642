using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Identity.Schemes;

/// <summary>Makes a consumer of an identity that holds.</summary>
internal sealed class IdentityCallers(
    IdentityPolicy policy, (string Name, string? LongName)[] claims, GatewayEndpoint endpoint, HostSchemes schemes, ConsumerDirectory directory, ProblemChallenge challenge, SchemeLog log)
{
    private static readonly AuthenticationOutcome Insufficient = AuthenticationOutcome.Refuse(new(RejectionReason.Forbidden) { Cause = "insufficient-scope" });

    private readonly VouchedCallers _callers = new(policy.Scopes, policy.RequireRegistered, Insufficient, endpoint, directory);

    // RFC 6750 §3.1. Of scopes nothing but what the policy checked can be in it.
    private readonly AuthenticationOutcome _insufficientToken = AuthenticationOutcome.Refuse(new(RejectionReason.Forbidden)
    {
        Cause = "insufficient-scope",
        Challenges = [$"Bearer error=\"insufficient_scope\", scope=\"{string.Join(' ', policy.Scopes)}\""],
    });

    public async ValueTask<AuthenticationOutcome> IdentifyAsync(GatewayContext context, AuthenticationTicket ticket, bool usesCookie)
    {
        var httpContext = context.HttpContext;
        if (CallerClaims.FindConsumer(ticket.Principal, claims, out var id) is { } fault)
        {
            return IdentityCheck.Refuse(fault, challenge);
        }

        // The scheme that a policy names may leave the matter to another one.
        var qualified = $"{ticket.AuthenticationScheme}/{id}";
        if (ticket.AuthenticationScheme.Contains('/', StringComparison.Ordinal) || IdentityPrefixes.Begin(qualified))
        {
            return IdentityCheck.Refuse("scheme-name", challenge);
        }

        KnownCredential? known;
        try
        {
            known = await directory.FindAsync(CredentialKind.Identity, qualified, httpContext.RequestAborted).ConfigureAwait(false);

            // Whoever is called "Partners/acme" by one scheme is not who the scheme "Partners" calls "acme".
            // And what is not qualified is what the default scheme says: another issuer could give anybody that name.
            if (known is null && !schemes.IsQualified(id) && schemes.Find(null)?.Name == ticket.AuthenticationScheme)
            {
                known = await directory.FindAsync(CredentialKind.Identity, id, httpContext.RequestAborted).ConfigureAwait(false);
            }
        }
        catch (ConsumerStoreException exception)
        {
            log.Unavailable(httpContext, ticket.AuthenticationScheme, exception);
            return SchemeLog.UnavailableOutcome;
        }

        var outcome = _callers.Resolve(known, qualified, CallerClaims.FindScopes(ticket.Principal));
        return outcome.Consumer is { } consumer ? Accept(context, ticket, usesCookie, consumer)
            : ReferenceEquals(outcome.Problem, Insufficient.Problem) && httpContext.Request.Headers.Authorization.Count > 0 ? _insufficientToken
            : outcome;
    }

    private AuthenticationOutcome Accept(GatewayContext context, AuthenticationTicket ticket, bool usesCookie, GatewayConsumer consumer)
    {
        var httpContext = context.HttpContext;

        // Also one that is only tried: what else is tried may ask for its claims.
        var outcome = AuthenticationOutcome.Accept(consumer.FoundBy(ticket.Principal));
        if (policy.Mode is not PolicyMode.Enforce)
        {
            return outcome;
        }

        httpContext.User = ticket.Principal;
        if (!policy.ForwardToken)
        {
            context.Withheld.Add(HeaderNames.Authorization);
            if (usesCookie)
            {
                context.WithheldCookies = schemes.CookieNames;
            }
        }

        return outcome;
    }
}
