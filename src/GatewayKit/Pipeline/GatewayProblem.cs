using System.Globalization;
using System.Text.Json;
using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Pipeline;

/// <summary>
/// A refusal, as problem+json (RFC 9457): the only way to refuse. It is written through <see cref="IProblemDetailsService"/>, so
/// <see cref="ProblemDetailsOptions.CustomizeProblemDetails"/> is the one place to change its form. A gRPC call is answered with the gRPC
/// status of the reason instead, in fields only. Immutable and safe to share.
/// </summary>
public sealed class GatewayProblem : IResult, IStatusCodeHttpResult
{
    /// <summary>Creates a refusal.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="detail">One sentence that helps this caller; never anything secret, and never an upstream's own words. Default none.</param>
    /// <param name="retryAfter">
    /// When it is worth trying again, rounded up to whole seconds in <c>Retry-After</c> (RFC 9110 §10.2.3). Callers that ran into a limit are told up to a
    /// tenth more, at most 30 s, and those that found no room up to 4 s, so that they do not come back together. Default none.
    /// </param>
    public GatewayProblem(RejectionReason reason, string? detail = null, TimeSpan? retryAfter = null)
    {
        ArgumentNullException.ThrowIfNull(reason);
        (Reason, Detail, RetryAfter, StatusCode) = (reason, detail, retryAfter, reason.Status);
    }

    /// <summary>Why the request was refused.</summary>
    public RejectionReason Reason { get; }

    /// <summary>One sentence for this caller, or none.</summary>
    public string? Detail { get; }

    /// <summary>When it is worth trying again, if ever.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>The status of the answer. Default: that of the reason.</summary>
    public int StatusCode { get; init; }

    /// <summary>The names of the limits that the request ran into; the problem tells them in <c>violated-policies</c>. Default none.</summary>
    public IReadOnlyList<string> ViolatedPolicies { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = [];

    /// <summary>
    /// What exactly the reason was for, such as <c>queue-full</c> of <c>overloaded</c>: a word of a few that there are, for logs and metrics. The client is not told.
    /// Default none.
    /// </summary>
    public string? Cause { get; init; }

    /// <summary>How the client may say who it is: values of <c>WWW-Authenticate</c> (RFC 9110 §11.6.1). Default none.</summary>
    public IReadOnlyList<string> Challenges { get; init => field = ValueList<string>.From(value ?? throw new ArgumentNullException(nameof(value))); } = ValueList<string>.Empty;

    /// <summary>The methods that a 405 names; <see langword="null"/> for those that the endpoint takes.</summary>
    internal string? Allow { get; init; }

    /// <summary>Says the same where it depends on the request. Default none.</summary>
    internal ProblemChallenge? Challenge { get; init; }

    /// <summary>The step of the pipeline that refused the request's answer; <see langword="null"/> for one that did not let it through.</summary>
    internal int? Step { get; private init; }

    int? IStatusCodeHttpResult.StatusCode => StatusCode;

    /// <summary>429 with <c>Retry-After</c> (RFC 6585 §4).</summary>
    /// <param name="retryAfter">The time until the next request can pass.</param>
    public static GatewayProblem TooManyRequests(TimeSpan retryAfter) => new(RejectionReason.RateLimited, retryAfter: retryAfter);

    // A copy: problems are shared.
    internal GatewayProblem RefusedBy(int step) => new(Reason, Detail, RetryAfter) { StatusCode = StatusCode, ViolatedPolicies = ViolatedPolicies, Cause = Cause, Allow = Allow, Challenges = Challenges, Challenge = Challenge, Step = step };

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var response = httpContext.Response;
        if (response.HasStarted)
        {
            httpContext.Abort();
            return;
        }

        ForgetAbandonedAnswer(response);
        if (Reason == RejectionReason.ClientAborted)
        {
            // For records: one that has only ended its own side would still read it, and nobody knows 499 (RFC 9110 §15.5).
            response.StatusCode = StatusCode;
            httpContext.Abort();
            return;
        }

        IReadOnlyCollection<string> challenges = Challenges;
        if (Challenge is not null)
        {
            var asked = new List<string>(Challenges);
            switch (await Challenge(httpContext, asked).ConfigureAwait(false))
            {
                case ChallengeResult.Answered:
                    return;
                case ChallengeResult.Unavailable:
                    await new GatewayProblem(RejectionReason.AuthUnavailable).ExecuteAsync(httpContext).ConfigureAwait(false);
                    return;
            }

            challenges = asked;
        }

        foreach (var challenge in challenges.Distinct(StringComparer.Ordinal))
        {
            response.Headers.Append(HeaderNames.WWWAuthenticate, challenge);
        }

        var services = httpContext.RequestServices;
        var retryAfter = (services.GetService<RetryTimes>() ?? RetryTimes.Default).Of(this);
        if (GrpcCall.Is(httpContext.Request))
        {
            GrpcRefusal.Write(httpContext, this, retryAfter);
            return;
        }

        response.StatusCode = StatusCode;
        response.Headers.CacheControl = "no-store";
        int? seconds = retryAfter is { } wait ? RetryTimes.ToSeconds(wait) : null;
        if (seconds is { } known)
        {
            response.Headers.RetryAfter = known.ToString(CultureInfo.InvariantCulture);
        }

        if (StatusCode == StatusCodes.Status405MethodNotAllowed)
        {
            response.Headers.Allow = Allow ?? AllowedMethods.Of(httpContext);
        }

        var options = services.GetService<IOptions<GatewayOptions>>()?.Value;
        if (options is { SendProxyStatus: true })
        {
            response.Headers[ProxyStatus.Name] = ProxyStatus.Of(options.Pseudonym, Reason);
        }

        var details = ToDetails(httpContext, options?.ProblemTypeBase ?? GatewayOptions.DefaultProblemTypeBase, seconds);
        var problem = new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = details };
        var writer = services.GetService<IProblemDetailsService>();
        var written = writer is not null && await writer.TryWriteAsync(problem).ConfigureAwait(false);
        if (!written && !response.HasStarted)
        {
            // The framework's writer declines a client that did not ask for JSON. A refusal keeps its reason, and the host its one
            // place to change the form, all the same (RFC 9110 §12.4.1).
            services.GetService<IOptions<ProblemDetailsOptions>>()?.Value.CustomizeProblemDetails?.Invoke(problem);
            await response.WriteAsJsonAsync(details, ProblemJsonContext.Default.ProblemDetails, "application/problem+json", httpContext.RequestAborted).ConfigureAwait(false);
        }
    }

    // What an answer said of itself before it was given up would be said of the problem (RFC 9110 §8).
    internal static void ForgetAbandonedAnswer(HttpResponse response)
    {
        response.ContentLength = null;
        response.Headers.Remove(HeaderNames.ContentEncoding);
        response.Headers.Remove(HeaderNames.ContentRange);
        response.Headers.Remove(HeaderNames.ContentDisposition);
        response.Headers.Remove(HeaderNames.ETag);
        response.Headers.Remove(HeaderNames.LastModified);
    }

    private ProblemDetails ToDetails(HttpContext httpContext, string typeBase, int? retryAfter)
    {
        var details = new ProblemDetails
        {
            // A host that has pages about its problems has one about this.
            Type = Reason.RegisteredType is { } registered && typeBase == GatewayOptions.DefaultProblemTypeBase ? registered : typeBase + Reason.Code,
            Title = Reason.Title,
            Status = StatusCode,
            Detail = Detail,
        };
        details.Extensions["code"] = Reason.Code;
        if (ViolatedPolicies.Count > 0)
        {
            // In a form that every serializer of problems knows, also without reflection.
            details.Extensions["violated-policies"] = JsonSerializer.SerializeToElement(ViolatedPolicies, ProblemJsonContext.Default.IReadOnlyListString);
        }

        if (retryAfter is { } seconds)
        {
            details.Extensions["retryAfter"] = seconds;
        }

        details.Extensions["traceId"] = TraceIdentifiers.Of(httpContext);
        return details;
    }
}
