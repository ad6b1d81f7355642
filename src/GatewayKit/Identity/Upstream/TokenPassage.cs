using System.Runtime.CompilerServices;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.Upstream;

/// <summary>A request that goes on with a fetched token: at once, or when there is one. If the destination does not take it, the token is dropped, and the request sent once more if its body is still there.</summary>
internal sealed class TokenPassage(string routeId, EndpointFilterDelegate next, TokenMetrics metrics, TimeProvider time)
{
    /// <summary>The refusal of a request without a token that could be exchanged.</summary>
    public static readonly GatewayProblem SubjectMissing = new(RejectionReason.Unauthenticated) { Challenges = ["Bearer"] };

    /// <summary>The refusal of a request whose token the server does not exchange (RFC 6750 §3.1).</summary>
    private static readonly GatewayProblem SubjectRefused = new(RejectionReason.Unauthenticated) { Challenges = ["Bearer error=\"invalid_token\""] };

    // Not the caller's, whom the same reason tells that theirs cannot be checked.
    private const string NoneToShow = "The gateway has no credential to show the destination.";

    /// <summary>The refusal when a secret is missing.</summary>
    public static readonly GatewayProblem NoSecret = new(RejectionReason.AuthUnavailable, NoneToShow) { Cause = CallFailures.NameOf(CallFailure.NoSecret) };

    public ValueTask<object?> RunAsync(GatewayContext context, TokenSlot slot, string? subject) =>
        slot.Ready(subject) is { } token ? SendAsync(context, slot, token, subject) : FetchAsync(context, slot, subject);

    private async ValueTask<object?> FetchAsync(GatewayContext context, TokenSlot slot, string? subject)
    {
        var (token, problem) = await GetAsync(context, slot, subject).ConfigureAwait(false);
        return token is null ? problem : await SendAsync(context, slot, token, subject).ConfigureAwait(false);
    }

    // The one wait of most requests.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<object?> SendAsync(GatewayContext context, TokenSlot slot, UpstreamToken token, string? subject)
    {
        context.AddForwardTransform(token);

        // What retries keep of a body stays with the request then.
        context.IsBodyWanted = true;
        var answer = await next(context).ConfigureAwait(false);
        return answer is IStatusCodeHttpResult { StatusCode: StatusCodes.Status401Unauthorized } and not GatewayProblem
            ? await RejectedAsync(context, slot, token, subject, answer).ConfigureAwait(false)
            : answer;
    }

    // 401 says that nothing was done (RFC 9110 §15.5.2), so any method may come again.
    private async ValueTask<object?> RejectedAsync(GatewayContext context, TokenSlot slot, UpstreamToken token, string? subject, object? answer)
    {
        if (!slot.Drop(token))
        {
            metrics.Rejected(routeId, "kept");
            return answer;
        }

        if (context.HasLostBody || context.Attempts == 0)
        {
            metrics.Rejected(routeId, "dropped");
            return answer;
        }

        var (other, _) = await GetAsync(context, slot, subject).ConfigureAwait(false);
        if (other is null)
        {
            metrics.Rejected(routeId, "dropped");
            return answer;
        }

        metrics.Rejected(routeId, "retried");
        context.AddForwardTransform(other);
        return await next(context).ConfigureAwait(false);
    }

    private async ValueTask<(UpstreamToken? Token, GatewayProblem? Problem)> GetAsync(GatewayContext context, TokenSlot slot, string? subject)
    {
        var (result, problem) = await Patience.WaitAsync(context, slot.GetAsync(subject), time).ConfigureAwait(false);
        return problem is not null ? (null, problem)
            : result.Token is { } token ? (token, null)
            : result.Failure is CallFailure.SubjectRefused ? (null, SubjectRefused)
            : (null, new(RejectionReason.AuthUnavailable, NoneToShow, result.RetryAfter) { Cause = CallFailures.NameOf(result.Failure) });
    }
}
