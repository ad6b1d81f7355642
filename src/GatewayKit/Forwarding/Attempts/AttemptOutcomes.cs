using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Resilience.Admission;
using GatewayKit.Resilience.Bulkheads;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>
/// What an attempt says of its destination. Only what is the destination's own doing counts against it: not a client that went away, not a deadline
/// that the caller set or that left it no time, not a request that it rightly refuses.
/// </summary>
internal static class AttemptOutcomes
{
    private const string GrpcStatus = "grpc-status";

    // UNAVAILABLE and DEADLINE_EXCEEDED (gRPC, status codes).
    private const int Unavailable = 14;
    private const int DeadlineExceeded = 4;

    /// <summary>As far as the head of an answer tells.</summary>
    public static CallResult OfHead(HttpResponseMessage answer, bool isGrpc, CircuitBreakerPolicy policy) => answer.StatusCode switch
    {
        HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => CallResult.Failure,

        // It protects itself, which is no illness.
        HttpStatusCode.TooManyRequests => policy.CountTooManyRequests ? CallResult.Failure : CallResult.Neutral,
        >= HttpStatusCode.InternalServerError when policy.CountServerErrors => CallResult.Failure,
        _ => isGrpc && answer.Headers.NonValidated.TryGetValues(GrpcStatus, out var status) && IsUnavailable(status.ToString()) ? CallResult.Failure : CallResult.Success,
    };

    /// <summary>Once the exchange is over.</summary>
    public static CallResult OfEnd(Exchange exchange) => exchange switch
    {
        { Error: ForwardError.UpstreamConnectTimeout or ForwardError.UpstreamHeadersTimeout or ForwardError.UpstreamStalled or ForwardError.DeadlineExceeded, Clock.StoodStill: true } => CallResult.Neutral,
        { Error: ForwardError.DeadlineExceeded } => exchange.HadFairTime ? CallResult.Failure : CallResult.Neutral,
        { Error: not ForwardError.None and var error } => ForwardFailure.Of(error).Blame is Blame.Destination ? CallResult.Failure : CallResult.Neutral,
        { Response: null } => CallResult.Neutral,
        _ => CallResult.Success,
    };

    /// <summary>What a gRPC call says that failed and has status 200 all the same; <see langword="null"/> for any other.</summary>
    public static string? GrpcFailure(HttpResponseMessage? answer, bool isGrpc) =>
        isGrpc && answer is not null && answer.Headers.NonValidated.TryGetValues(GrpcStatus, out var status) && IsUnavailable(status.ToString()) ? $"grpc-{status}" : null;

    /// <summary>What an answer says of how much the destinations can have in flight. A failure of another kind does not tell how long work takes.</summary>
    public static LimitSample SampleOf(HttpResponseMessage answer) => answer.StatusCode switch
    {
        HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => LimitSample.Drop,

        // One client's limit must not become everybody's.
        HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => LimitSample.None,
        _ => LimitSample.Answer,
    };

    /// <summary>The same of an attempt that failed before there was an answer.</summary>
    public static LimitSample SampleOf(Exchange exchange) => exchange switch
    {
        { Error: ForwardError.UpstreamConnectFailed or ForwardError.UpstreamRefused } => LimitSample.Drop,
        { Error: ForwardError.UpstreamConnectTimeout or ForwardError.UpstreamHeadersTimeout or ForwardError.UpstreamStalled, Clock.StoodStill: false } => LimitSample.Drop,
        { Error: ForwardError.DeadlineExceeded, Clock.StoodStill: false, HadFairTime: true } => LimitSample.Drop,
        _ => LimitSample.None,
    };

    /// <summary>Whether the head of an answer says that it went well; <see langword="null"/> if only the trailers of a call of gRPC will tell.</summary>
    public static bool? IsSuccessful(HttpResponseMessage answer, bool isGrpc) =>
        !AdmissionResults.IsSuccess((int)answer.StatusCode) ? false
        : !isGrpc ? true
        : answer.Headers.NonValidated.TryGetValues(GrpcStatus, out var status) ? AdmissionResults.IsGrpcSuccess(status.ToString())
        : null;

    /// <summary>Whether its trailers do. None is no word against it.</summary>
    public static bool IsGrpcSuccess(HttpResponseHeaders trailers) =>
        !trailers.NonValidated.TryGetValues(GrpcStatus, out var status) || AdmissionResults.IsGrpcSuccess(status.ToString());

    /// <summary>Whether an answer has no end that anybody waits for.</summary>
    public static bool IsStream(HttpResponseMessage answer, bool isGrpc) =>
        isGrpc || (answer.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type) && LongLived.IsEventStream(type.ToString()));

    /// <summary>How long a destination asks to be left alone; only a 503 speaks of the destination as a whole (RFC 9110 §15.6.4).</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage answer, TimeProvider time) =>
        answer.StatusCode is HttpStatusCode.ServiceUnavailable ? RetryAfterField.Of(answer, time) : null;

    private static bool IsUnavailable(string status) =>
        int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is Unavailable or DeadlineExceeded;
}
