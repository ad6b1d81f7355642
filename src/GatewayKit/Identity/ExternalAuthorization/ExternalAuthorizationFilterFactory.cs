using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>Has a service decide: as a rule, or, where it says who is calling, as a way to find that out, alone or as one of several.</summary>
internal sealed class ExternalAuthorizationFilterFactory(AuthorizationServices services, ConsumerDirectory directory) : GatewayFilterFactory<ExternalAuthorizationPolicy>, IAuthenticationFactory
{
    protected override EndpointFilterDelegate Create(ExternalAuthorizationPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var check = CheckOf(policy, endpoint);
        return policy.ConsumerHeader is null
            ? check.LinkTo(next)
            : Identification.Link(CallerOf(policy, endpoint, check).FindAsync, new(RejectionReason.Unauthenticated) { Challenges = [services.Challenge] }, policy.Mode is PolicyMode.Enforce, next);
    }

    // Alone it asks about every request: services let some through without a credential, and send persons to where they get one. Beside others it is for those who show one.
    AuthenticationCheck IAuthenticationFactory.CreateCheck(ICredentialPolicy policy, GatewayEndpoint endpoint)
    {
        var external = (ExternalAuthorizationPolicy)policy;
        return CallerOf(external, endpoint, CheckOf(external, endpoint)).FindIfShownAsync;
    }

    IReadOnlyList<string> IAuthenticationFactory.ChallengesOf(ICredentialPolicy policy) => [services.Challenge];

    ProblemChallenge? IAuthenticationFactory.ChallengeOf(ICredentialPolicy policy) => null;

    // The service is shown what it is to decide by, and asked wherever there is any of it.
    bool IAuthenticationFactory.ReadsAuthorization(ICredentialPolicy policy) => ((ExternalAuthorizationPolicy)policy).RequestHeaders.Contains("Authorization", StringComparer.OrdinalIgnoreCase);

    private ExternalAuthorizationCheck CheckOf(ExternalAuthorizationPolicy policy, GatewayEndpoint endpoint) => new(policy, endpoint, services, services.Of(policy));

    private ExternalCallers CallerOf(ExternalAuthorizationPolicy policy, GatewayEndpoint endpoint, ExternalAuthorizationCheck check) => new(policy, endpoint, check, directory, services.Metrics);
}
