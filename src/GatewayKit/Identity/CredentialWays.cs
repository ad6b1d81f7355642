using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity;

/// <summary>Several ways to say who calls, with what serves each of them. Immutable.</summary>
/// <param name="ways">The ways; those that are off are none.</param>
internal sealed class CredentialWays(IEnumerable<(ICredentialPolicy Policy, IAuthenticationFactory Factory)> ways)
{
    private readonly (ICredentialPolicy Policy, IAuthenticationFactory Factory)[] _ways = [.. ways.Where(static way => way.Policy.Mode is not PolicyMode.Off)];

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => _ways.Length == 0;

    /// <summary>What strangers are told at once, without asking anybody.</summary>
    public string[] Challenges => [.. _ways.SelectMany(static way => way.Factory.ChallengesOf(way.Policy)).Distinct(StringComparer.Ordinal)];

    /// <summary>What they are told besides, where that depends on the request; <see langword="null"/> if it does of no way.</summary>
    public ProblemChallenge? Challenge
    {
        get
        {
            ProblemChallenge[] asked = [.. _ways.Select(static way => way.Factory.ChallengeOf(way.Policy)).OfType<ProblemChallenge>()];
            return asked.Length == 0 ? null : (httpContext, said) => AskAsync(asked, httpContext, said);
        }
    }

    /// <summary>What looks at the credentials of requests to an endpoint, one for each way, and whether it looks at <c>Authorization</c>.</summary>
    public (AuthenticationCheck Check, bool ReadsAuthorization)[] ChecksOf(GatewayEndpoint endpoint) =>
        Array.ConvertAll(_ways, way => (way.Factory.CreateCheck(way.Policy, endpoint), way.Factory.ReadsAuthorization(way.Policy)));

    // The first that sends a person elsewhere has answered.
    private static async ValueTask<ChallengeResult> AskAsync(ProblemChallenge[] challenges, HttpContext httpContext, ICollection<string> said)
    {
        var result = ChallengeResult.Challenged;
        foreach (var challenge in challenges)
        {
            switch (await challenge(httpContext, said).ConfigureAwait(false))
            {
                case ChallengeResult.Answered:
                    return ChallengeResult.Answered;
                case ChallengeResult.Unavailable:
                    result = ChallengeResult.Unavailable;
                    break;
            }
        }

        return result;
    }
}
