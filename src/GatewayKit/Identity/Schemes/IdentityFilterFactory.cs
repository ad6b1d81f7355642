using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Schemes;

/// <summary>Lets the host's authentication schemes say who calls.</summary>
internal sealed class IdentityFilterFactory(HostSchemes schemes, ConsumerDirectory directory, IdentityMetrics metrics, SchemeLog log, IOptions<GatewayOptions> options)
    : AuthenticationFilterFactory<IdentityPolicy>
{
    protected override AuthenticationCheck CreateCheck(IdentityPolicy policy, GatewayEndpoint endpoint)
    {
        var claims = CallerClaims.NamesOf(policy.ConsumerClaims.Count > 0 ? policy.ConsumerClaims : options.Value.ConsumerClaims);
        var challenge = ChallengeOf(policy);
        var callers = new IdentityCallers(policy, claims, endpoint, schemes, directory, challenge, log);
        return new IdentityCheck(policy, claims, schemes, callers, challenge, metrics, log).RunAsync;
    }

    // What is no cookie: where else a handler of the host may look nobody knows.
    protected override bool ReadsAuthorization(IdentityPolicy policy) => policy.Schemes.Count > 0 ? policy.Schemes.Any(name => !schemes.UsesCookie(name)) : !schemes.UsesCookie(null);

    // What the handlers themselves say is asked for when a refusal is written.
    protected override IReadOnlyList<string> ChallengesOf(IdentityPolicy policy) => [];

    private protected override ProblemChallenge ChallengeOf(IdentityPolicy policy) => new SchemeChallenge(policy, schemes, log).WriteAsync;
}
