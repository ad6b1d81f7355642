using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>Makes refusals of answers: the gateway's own problems, with what of an answer is for the client.</summary>
/// <param name="challenge">What strangers are told where the service says nothing of it (RFC 9110 §15.5.2).</param>
internal sealed class AnswerProblems(string challenge)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public GatewayProblem Of(AuthorizationAnswer answer, HttpContext httpContext) => answer.Verdict switch
    {
        AuthorizationVerdict.Unauthenticated => new(RejectionReason.Unauthenticated)
        {
            Challenges = answer.Challenges.Length > 0 ? answer.Challenges : [challenge],
            Cause = answer.Outcome,
            Challenge = WriterOf(answer),
        },
        AuthorizationVerdict.Forbidden => new(RejectionReason.Forbidden) { Challenges = answer.Challenges, Cause = answer.Outcome, Challenge = WriterOf(answer) },
        AuthorizationVerdict.Redirected => new(RejectionReason.Unauthenticated)
        {
            Challenges = [challenge],
            Cause = answer.Outcome,
            Challenge = PageOfPerson.IsAsked(httpContext) ? (context, _) => new(Redirect(context, answer)) : null,
        },
        _ => new(RejectionReason.AuthUnavailable, retryAfter: RetryAfter) { Cause = answer.Outcome },
    };

    /// <summary>Writes fields into the response when it starts, whoever answers by then.</summary>
    public static void WriteAtStart(HttpContext httpContext, AnswerField[] fields) => httpContext.Response.OnStarting(
        static state =>
        {
            var (httpContext, fields) = ((HttpContext, AnswerField[]))state;
            Write(httpContext.Response, fields);
            return Task.CompletedTask;
        },
        (httpContext, fields));

    // Runs when the refusal is written, which it is not where a policy is only tried.
    private static ProblemChallenge? WriterOf(AuthorizationAnswer answer) => answer.ForClient.Length == 0
        ? null
        : (httpContext, _) =>
        {
            Write(httpContext.Response, answer.ForClient);
            return new(ChallengeResult.Challenged);
        };

    private static ChallengeResult Redirect(HttpContext httpContext, AuthorizationAnswer answer)
    {
        var response = httpContext.Response;
        response.StatusCode = answer.Status;
        response.Headers.Location = answer.Location;
        response.Headers.CacheControl = "no-store";
        Write(response, answer.ForClient);
        return ChallengeResult.Answered;
    }

    // Cookies of others stay; all else has one who says it.
    private static void Write(HttpResponse response, AnswerField[] fields)
    {
        foreach (var (name, values) in fields)
        {
            response.Headers[name] = name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase) ? StringValues.Concat(response.Headers.SetCookie, values) : values;
        }
    }
}
