using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Identity.Schemes;

/// <summary>Asks the schemes of a policy who calls.</summary>
internal sealed class IdentityCheck(
    IdentityPolicy policy, (string Name, string? LongName)[] claims, HostSchemes schemes, IdentityCallers callers, ProblemChallenge challenge, IdentityMetrics metrics, SchemeLog log)
{
    // What metrics call it.
    private const string Method = "identity";

    private static readonly AuthenticationOutcome Doubled = AuthenticationOutcome.Refuse(new(RejectionReason.DuplicateCredential) { Cause = "twice" });

    private readonly (string? Name, bool UsesCookie)[] _schemes =
        policy.Schemes.Count > 0 ? [.. policy.Schemes.Select(name => ((string?)name, schemes.UsesCookie(name)))] : [(null, schemes.UsesCookie(null))];

    private readonly AuthenticationOutcome _invalid = Refuse("credential-invalid", challenge);
    private readonly AuthenticationOutcome _differing = Refuse("credentials-differ", challenge);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<AuthenticationOutcome> RunAsync(GatewayContext context) => metrics.Count(Method, await FindAsync(context).ConfigureAwait(false));

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AuthenticationOutcome> FindAsync(GatewayContext context)
    {
        var httpContext = context.HttpContext;
        if (CredentialRules.AreDoubled(HeaderNames.Authorization, httpContext.Request.Headers.Authorization))
        {
            return Doubled;
        }

        var findings = new SchemeFindings(claims);
        foreach (var (name, usesCookie) in _schemes)
        {
            Exception? failure;
            try
            {
                var result = await AuthenticateAsync(httpContext, name).ConfigureAwait(false);
                failure = result.Failure is { } why && Outages.Include(why) ? why : null;
                if (failure is null && !findings.Add(result, usesCookie))
                {
                    return _differing;
                }
            }
            catch (Exception exception) when (!httpContext.RequestAborted.IsCancellationRequested)
            {
                failure = exception;
            }

            if (failure is not null)
            {
                log.Unavailable(httpContext, name, failure);
                return SchemeLog.UnavailableOutcome;
            }
        }

        return findings.IsRefused ? _invalid
            : findings.Ticket is { } ticket ? await callers.IdentifyAsync(context, ticket, findings.UsesCookie).ConfigureAwait(false)
            : AuthenticationOutcome.Absent;
    }

    internal static AuthenticationOutcome Refuse(string cause, ProblemChallenge challenge) =>
        AuthenticationOutcome.Refuse(new(RejectionReason.Unauthenticated) { Cause = cause, Challenge = challenge });

    // The middleware of the host may have asked the same scheme before: its answer stands.
    private static Task<AuthenticateResult> AuthenticateAsync(HttpContext httpContext, string? scheme) =>
        scheme is not null && httpContext.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult is { Succeeded: true, Ticket.AuthenticationScheme: { } known } result
        && string.Equals(known, scheme, StringComparison.Ordinal)
            ? Task.FromResult(result)
            : httpContext.RequestServices.GetRequiredService<IAuthenticationService>().AuthenticateAsync(httpContext, scheme);
}
