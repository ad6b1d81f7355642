using GatewayKit.Identity.AnyOf;
using GatewayKit.Identity.Schemes;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Access;

/// <summary>
/// How strangers are told who they may say they are. They get to rules of access where credentials are only tried, or where nobody but the host looks at them: elsewhere they were refused before.
/// </summary>
internal static class CallerChallenges
{
    // There has to be one (RFC 9110 §15.5.2).
    private const string AnyToken = "Bearer";

    /// <summary>The refusal of a stranger.</summary>
    public static GatewayProblem Unknown(GatewayEndpoint endpoint, PolicyRegistry registry, HostSchemes schemes, SchemeLog log)
    {
        var ways = new CredentialWays(endpoint.Policies.SelectMany(WaysOf).SelectMany<ICredentialPolicy, (ICredentialPolicy, IAuthenticationFactory)>(
            way => registry.FactoryOf(way) is IAuthenticationFactory factory ? [(way, factory)] : []));
        var (fixedOnes, asked) = ways.IsEmpty ? ([], new SchemeChallenge(new IdentityPolicy(), schemes, log).WriteAsync) : (ways.Challenges, ways.Challenge);
        return asked is null
            ? new(RejectionReason.Unauthenticated) { Challenges = fixedOnes.Length > 0 ? fixedOnes : [AnyToken] }
            : new(RejectionReason.Unauthenticated)
            {
                Challenges = fixedOnes,
                Challenge = async (httpContext, said) =>
                {
                    var result = await asked(httpContext, said).ConfigureAwait(false);
                    if (result is not ChallengeResult.Answered && said.Count == 0)
                    {
                        said.Add(AnyToken);
                    }

                    return result;
                },
            };
    }

    private static IEnumerable<ICredentialPolicy> WaysOf(IGatewayPolicy policy) => policy switch
    {
        AnyOfPolicy anyOf => anyOf.Policies,
        ICredentialPolicy { FindsCaller: true } way => [way],
        _ => [],
    };
}
