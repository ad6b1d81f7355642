using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Identity.Schemes;

/// <summary>
/// Has the host's handlers say how a client may say who it is. They write to a response that nobody sees: of it the challenges are taken, and where a policy lets people be sent
/// elsewhere, the whole answer.
/// </summary>
internal sealed class SchemeChallenge(IdentityPolicy policy, HostSchemes schemes, SchemeLog log)
{
    private readonly (string Name, bool UsesCookie)[] _schemes =
    [
        .. (policy.Schemes.Count > 0 ? policy.Schemes : schemes.DefaultChallenge is { } name ? [name] : [])
            .Select(name => (name, schemes.UsesCookie(name))),
    ];

    /// <summary>Adds what handlers say.</summary>
    /// <returns>What has become of the response.</returns>
    public async ValueTask<ChallengeResult> WriteAsync(HttpContext httpContext, ICollection<string> challenges)
    {
        var before = challenges.Count;
        var mayLeave = policy.Challenge && PageOfPerson.IsAsked(httpContext);
        var result = ChallengeResult.Challenged;
        foreach (var (name, usesCookie) in _schemes)
        {
            // What is done elsewhere has nothing to say to programs, and its handlers would make state for each of them.
            if (usesCookie && !mayLeave)
            {
                continue;
            }

            try
            {
                using var answer = new SideResponse(httpContext);
                await answer.WriteAsync(static (context, scheme) => context.RequestServices.GetRequiredService<IAuthenticationService>().ChallengeAsync(context, scheme, properties: null), name).ConfigureAwait(false);
                if (mayLeave && answer.LeadsElsewhere)
                {
                    await answer.CopyAsync(httpContext).ConfigureAwait(false);
                    return ChallengeResult.Answered;
                }

                foreach (var challenge in answer.Headers.WWWAuthenticate)
                {
                    if (challenge is { Length: > 0 })
                    {
                        challenges.Add(challenge);
                    }
                }
            }
            catch (Exception exception) when (!httpContext.RequestAborted.IsCancellationRequested)
            {
                log.ChallengeFailed(httpContext, name, exception);
                result = usesCookie ? ChallengeResult.Unavailable : result;
            }
        }

        // There has to be one (RFC 9110 §15.5.2).
        if (challenges.Count == before)
        {
            foreach (var (name, _) in _schemes)
            {
                challenges.Add(HttpToken.Is(name) ? name : "Unknown");
            }
        }

        return result;
    }
}
