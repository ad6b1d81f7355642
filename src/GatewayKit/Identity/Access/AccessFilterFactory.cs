using System.Security.Claims;
using GatewayKit.Identity.Schemes;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Identity.Access;

/// <summary>Refuses callers what they may not do.</summary>
/// <param name="services">Where the registry is, which makes this.</param>
/// <param name="schemes">What strangers are told of.</param>
/// <param name="log">Told what keeps policies of the host from deciding.</param>
/// <param name="time">The clock of hours.</param>
internal sealed class AccessFilterFactory(IServiceProvider services, HostSchemes schemes, SchemeLog log, TimeProvider time) : GatewayFilterFactory<AccessPolicy>
{
    private static readonly GatewayProblem Declined = AccessRules.Forbidden("policy");
    private static readonly GatewayProblem Undecided = new(RejectionReason.AuthUnavailable, retryAfter: TimeSpan.FromSeconds(1));

    private readonly Lazy<PolicyRegistry> _registry = new(services.GetRequiredService<PolicyRegistry>);

    protected override EndpointFilterDelegate Create(AccessPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var rules = new AccessRules(policy, endpoint, CallerChallenges.Unknown(endpoint, _registry.Value, schemes, log), time);
        var authorizations = policy.AuthorizationPolicies;
        return invocation =>
        {
            var context = GatewayContext.From(invocation);
            return rules.Refuse(context) is { } problem ? new(problem)
                : authorizations.Count == 0 ? next(context)
                : AuthorizeAsync(context, rules.CallerOf(context).Claims ?? new ClaimsPrincipal(), authorizations, next);
        };
    }

    private async ValueTask<object?> AuthorizeAsync(GatewayContext context, ClaimsPrincipal user, IReadOnlyList<string> policies, EndpointFilterDelegate next)
    {
        var httpContext = context.HttpContext;
        var authorization = httpContext.RequestServices.GetRequiredService<IAuthorizationService>();
        foreach (var policy in policies)
        {
            try
            {
                if (!(await authorization.AuthorizeAsync(user, httpContext, policy).ConfigureAwait(false)).Succeeded)
                {
                    return Declined;
                }
            }
            catch (Exception exception) when (Outages.Include(exception) && !httpContext.RequestAborted.IsCancellationRequested)
            {
                log.Undecided(httpContext, policy, exception);
                return Undecided;
            }
        }

        return await next(context).ConfigureAwait(false);
    }
}
