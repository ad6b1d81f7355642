using System.Security.Claims;
using GatewayKit.Identity;
using GatewayKit.Pipeline;

namespace GatewayKit.ExtensionTests.Badge;

/// <summary>Finds out who is calling by a badge: <c>X-Badge: anna;red</c>, a name and a department.</summary>
public sealed record BadgePolicy : ICredentialPolicy
{
    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }
}

/// <summary>Serves <see cref="BadgePolicy"/>. What it has checked is the caller's, and said of the caller.</summary>
internal sealed class BadgeFilterFactory : AuthenticationFilterFactory<BadgePolicy>
{
    protected override AuthenticationCheck CreateCheck(BadgePolicy policy, GatewayEndpoint endpoint) => static context =>
    {
        if (context.HttpContext.Request.Headers["X-Badge"] is not [{ } badge] || badge.Split(';') is not [{ Length: > 0 } name, var department])
        {
            return new(AuthenticationOutcome.Absent);
        }

        var identity = new ClaimsIdentity([new("department", department)], authenticationType: "Badge");
        return new(AuthenticationOutcome.Accept(new(name) { Principal = new(identity) }));
    };

    protected override IReadOnlyList<string> ChallengesOf(BadgePolicy policy) => ["Badge"];
}
