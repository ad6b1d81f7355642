using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>Says, when a refusal is written, how the client may say who it is, for what is not known before.</summary>
/// <param name="httpContext">The request.</param>
/// <param name="challenges">Takes values of <c>WWW-Authenticate</c>.</param>
internal delegate ValueTask<ChallengeResult> ProblemChallenge(HttpContext httpContext, ICollection<string> challenges);

/// <summary>What a <see cref="ProblemChallenge"/> made of the response.</summary>
internal enum ChallengeResult
{
    /// <summary>Nothing: the refusal is written.</summary>
    Challenged,

    /// <summary>It has sent the client elsewhere in place of the refusal.</summary>
    Answered,

    /// <summary>It would send the client elsewhere, and cannot.</summary>
    Unavailable,
}
