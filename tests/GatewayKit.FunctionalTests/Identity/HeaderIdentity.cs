using System.Security.Claims;
using GatewayKit.Identity;
using GatewayKit.Pipeline;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>Believes what a request says of its caller: <c>X-Caller: id|plan|scopes</c> and <c>X-Claims: type=value;type=value</c>, its claims.</summary>
public sealed record HeaderIdentityPolicy : ICredentialPolicy
{
    public PolicyMode Mode { get; init; }
}

internal sealed class HeaderIdentityFilterFactory : AuthenticationFilterFactory<HeaderIdentityPolicy>
{
    protected override AuthenticationCheck CreateCheck(HeaderIdentityPolicy policy, GatewayEndpoint endpoint) => static context =>
    {
        var headers = context.HttpContext.Request.Headers;
        if (headers["X-Claims"] is [{ } claims])
        {
            context.HttpContext.User = new(new ClaimsIdentity(claims.Split(';').Select(static claim => new Claim(claim.Split('=')[0], Uri.UnescapeDataString(claim.Split('=')[1]))), "test"));
        }

        return headers["X-Caller"] is [{ } caller] && caller.Split('|') is [var id, var plan, var scopes]
            ? new(AuthenticationOutcome.Accept(new(id) { Plan = plan.Length == 0 ? null : new Plan { Id = plan }, Scopes = scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries), Principal = context.HttpContext.User }))
            : new(AuthenticationOutcome.Absent);
    };

    protected override IReadOnlyList<string> ChallengesOf(HeaderIdentityPolicy policy) => ["Header"];
}
