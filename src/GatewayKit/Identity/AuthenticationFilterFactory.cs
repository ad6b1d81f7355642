using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity;

/// <summary>
/// Serves a policy that finds out who is calling: alone, where it refuses requests without its credential, and as one of several ways in <see cref="AnyOf.AnyOfPolicy"/>.
/// </summary>
/// <typeparam name="TPolicy">The policy.</typeparam>
public abstract class AuthenticationFilterFactory<TPolicy> : GatewayFilterFactory<TPolicy>, IAuthenticationFactory
    where TPolicy : class, ICredentialPolicy
{
    /// <summary>Makes what looks at the credentials of requests to an endpoint. Runs each time an endpoint is built.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="endpoint">The endpoint.</param>
    protected abstract AuthenticationCheck CreateCheck(TPolicy policy, GatewayEndpoint endpoint);

    /// <summary>How a client may say who it is: values of <c>WWW-Authenticate</c> (RFC 9110 §11.6.1) for a request without the credential.</summary>
    /// <param name="policy">The policy.</param>
    protected abstract IReadOnlyList<string> ChallengesOf(TPolicy policy);

    /// <summary>The same where it depends on the request.</summary>
    private protected virtual ProblemChallenge? ChallengeOf(TPolicy policy) => null;

    /// <summary>
    /// Whether <see cref="CreateCheck"/> looks for the credential in <c>Authorization</c>. Where it does, and finds none in a field that is there, the request is refused in <see cref="AnyOf.AnyOfPolicy"/>, whatever
    /// other credential it has: nobody would have checked what goes on to the destination. Default no.
    /// </summary>
    /// <param name="policy">The policy.</param>
    protected virtual bool ReadsAuthorization(TPolicy policy) => false;

    /// <inheritdoc/>
    protected sealed override EndpointFilterDelegate Create(TPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => Identification.Link(
        CreateCheck(policy, endpoint),
        new(RejectionReason.Unauthenticated) { Challenges = ChallengesOf(policy), Challenge = ChallengeOf(policy) },
        policy.Mode is PolicyMode.Enforce,
        next);

    AuthenticationCheck IAuthenticationFactory.CreateCheck(ICredentialPolicy policy, GatewayEndpoint endpoint) => CreateCheck((TPolicy)policy, endpoint);

    IReadOnlyList<string> IAuthenticationFactory.ChallengesOf(ICredentialPolicy policy) => ChallengesOf((TPolicy)policy);

    ProblemChallenge? IAuthenticationFactory.ChallengeOf(ICredentialPolicy policy) => ChallengeOf((TPolicy)policy);

    bool IAuthenticationFactory.ReadsAuthorization(ICredentialPolicy policy) => ReadsAuthorization((TPolicy)policy);
}

/// <summary>The same without the type of the policy.</summary>
internal interface IAuthenticationFactory
{
    AuthenticationCheck CreateCheck(ICredentialPolicy policy, GatewayEndpoint endpoint);

    IReadOnlyList<string> ChallengesOf(ICredentialPolicy policy);

    ProblemChallenge? ChallengeOf(ICredentialPolicy policy);

    /// <summary>Whether the credential may be in <c>Authorization</c>.</summary>
    bool ReadsAuthorization(ICredentialPolicy policy);
}
