using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>
/// Why a request was not served: one stable code with its status and sentence. The built-in reasons are the static members of this
/// type, so this file is the catalogue; a module defines its own once, as a static field.
/// </summary>
public sealed record RejectionReason
{
    /// <summary>Defines a reason.</summary>
    /// <param name="code">Lower-case words joined by hyphens, at most 64 characters; ends up in problem types, metrics and records.</param>
    /// <param name="status">The HTTP status, 400 to 599.</param>
    /// <param name="title">One sentence for people, without anything from the request.</param>
    /// <exception cref="ArgumentException"><paramref name="code"/> is not of that form.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="status"/> is outside its range.</exception>
    public RejectionReason(string code, int status, string title)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(title);
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 400);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 599);
        if (!IsCode(code))
        {
            throw new ArgumentException($"'{code}' is not lower-case words joined by hyphens.", nameof(code));
        }

        (Code, Status, Title) = (code, status, title);
    }

    /// <summary>The stable code, such as <c>rate-limited</c>.</summary>
    public string Code { get; }

    /// <summary>The HTTP status it is answered with.</summary>
    public int Status { get; }

    /// <summary>One sentence for people.</summary>
    public string Title { get; }

    /// <summary>
    /// The status a gRPC call is answered with, 1 to 16. Default: what the gRPC project maps the HTTP status to, but 4 for 408 and 504, 8 for
    /// 413, 429 and 431, where the reason is known better than from the status alone.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside its range.</exception>
    public int GrpcStatus
    {
        get => field is 0 ? GrpcCall.StatusOf(Status) : field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 16);
            field = value;
        }
    }

    /// <summary>The problem type that is registered for what the reason is a case of, if there is one.</summary>
    internal string? RegisteredType { get; private init; }

    /// <summary>Whether it is a limit that refuses.</summary>
    internal bool IsOfLimit => RegisteredType is not null || ReferenceEquals(this, CostExceedsLimit);

    /// <summary>429: more requests than the throttle allows (RFC 6585 §4).</summary>
    public static RejectionReason RateLimited { get; } =
        new("rate-limited", StatusCodes.Status429TooManyRequests, "Too many requests.") { RegisteredType = ProblemTypes.QuotaExceeded };

    /// <summary>429: the caller has used up a quota.</summary>
    public static RejectionReason QuotaExceeded { get; } =
        new("quota-exceeded", StatusCodes.Status429TooManyRequests, "The quota is used up.") { RegisteredType = ProblemTypes.QuotaExceeded };

    /// <summary>429: the caller has too many requests in flight.</summary>
    public static RejectionReason ConcurrencyLimited { get; } =
        new("concurrency-limited", StatusCodes.Status429TooManyRequests, "Too many requests at once.") { RegisteredType = ProblemTypes.QuotaExceeded };

    /// <summary>429: the caller does what nobody does who means well.</summary>
    public static RejectionReason AbnormalUsage { get; } =
        new("abnormal-usage", StatusCodes.Status429TooManyRequests, "Abnormal usage was detected.") { RegisteredType = ProblemTypes.AbnormalUsage };

    /// <summary>400: the request costs more than its limit ever holds, so that no waiting helps.</summary>
    public static RejectionReason CostExceedsLimit { get; } =
        new("cost-exceeds-limit", StatusCodes.Status400BadRequest, "The request costs more than its limit allows.") { GrpcStatus = 8 };

    /// <summary>503: a limit that must be kept cannot be asked.</summary>
    public static RejectionReason LimiterUnavailable { get; } =
        new("limiter-unavailable", StatusCodes.Status503ServiceUnavailable, "A limit cannot be checked.") { RegisteredType = ProblemTypes.TemporaryReducedCapacity };

    /// <summary>400: the path has no single reading (RFC 3986 §6).</summary>
    public static RejectionReason AmbiguousPath { get; } = new("ambiguous-path", StatusCodes.Status400BadRequest, "The path of the request is ambiguous.");

    /// <summary>400: the message framing has no single reading (RFC 9112 §6.3).</summary>
    public static RejectionReason AmbiguousFraming { get; } = new("ambiguous-framing", StatusCodes.Status400BadRequest, "The framing of the request is ambiguous.");

    /// <summary>400: <c>Host</c> is absent, doubled or none (RFC 9112 §3.2).</summary>
    public static RejectionReason BadHost { get; } = new("bad-host", StatusCodes.Status400BadRequest, "The host of the request is invalid.");

    /// <summary>421: the host is none of those that this gateway serves (RFC 9110 §7.4).</summary>
    public static RejectionReason UnknownHost { get; } = new("unknown-host", StatusCodes.Status421MisdirectedRequest, "The host of the request is not served here.");

    /// <summary>401: nothing says who is calling, or not in a way that holds (RFC 9110 §15.5.2).</summary>
    public static RejectionReason Unauthenticated { get; } = new("unauthenticated", StatusCodes.Status401Unauthorized, "Credentials are missing or not valid.");

    /// <summary>403: who is calling is known, and may not (RFC 9110 §15.5.4).</summary>
    public static RejectionReason Forbidden { get; } = new("forbidden", StatusCodes.Status403Forbidden, "The caller may not do this.");

    /// <summary>403: what is asked for belongs to another tenant than the caller does.</summary>
    public static RejectionReason TenantMismatch { get; } = new("tenant-mismatch", StatusCodes.Status403Forbidden, "This belongs to another tenant.");

    /// <summary>403: it is not the time for it.</summary>
    public static RejectionReason OutsideHours { get; } = new("outside-hours", StatusCodes.Status403Forbidden, "This is not served at this time.");

    /// <summary>403: the caller has no subscription that includes this.</summary>
    public static RejectionReason NotSubscribed { get; } = new("not-subscribed", StatusCodes.Status403Forbidden, "The caller has no active subscription to this.");

    /// <summary>503: who is calling cannot be found out, because what knows it does not answer; or there is no credential to show a destination.</summary>
    public static RejectionReason AuthUnavailable { get; } = new("auth-unavailable", StatusCodes.Status503ServiceUnavailable, "Credentials cannot be checked or obtained.");

    /// <summary>400: a credential is there twice, and two readers could take one each.</summary>
    public static RejectionReason DuplicateCredential { get; } = new("duplicate-credential", StatusCodes.Status400BadRequest, "A credential of the request is there twice.");

    /// <summary>400: a header value cannot be forwarded (RFC 9110 §5.5).</summary>
    public static RejectionReason HeaderValue { get; } = new("header-value", StatusCodes.Status400BadRequest, "A header value of the request cannot be forwarded.");

    /// <summary>400: a header name cannot be forwarded (RFC 9110 §5.1).</summary>
    public static RejectionReason HeaderName { get; } = new("header-name", StatusCodes.Status400BadRequest, "A header of the request cannot be forwarded.");

    /// <summary>400: <c>Connection</c> names a field that must not be removed (RFC 9110 §7.6.1).</summary>
    public static RejectionReason HopByHopAbuse { get; } = new("hop-by-hop-abuse", StatusCodes.Status400BadRequest, "The Connection header names a protected header.");

    /// <summary>400, or the server's own status: the request body could not be read.</summary>
    public static RejectionReason MalformedBody { get; } = new("malformed-body", StatusCodes.Status400BadRequest, "The request body could not be read.");

    /// <summary>405: the method is not forwarded (RFC 9110 §9.3.6, §9.3.8).</summary>
    public static RejectionReason MethodNotAllowed { get; } = new("method-not-allowed", StatusCodes.Status405MethodNotAllowed, "The method is not allowed.");

    /// <summary>400: an upgrade that cannot be made (RFC 6455 §4.2).</summary>
    public static RejectionReason InvalidUpgrade { get; } = new("invalid-upgrade", StatusCodes.Status400BadRequest, "The upgrade request is invalid.");

    /// <summary>400: the deadline that the client states has no meaning (gRPC over HTTP/2, Timeout).</summary>
    public static RejectionReason InvalidDeadline { get; } = new("invalid-deadline", StatusCodes.Status400BadRequest, "The deadline of the request is malformed.");

    /// <summary>403: a page of that origin may not open a WebSocket here (RFC 6455 §10.2).</summary>
    public static RejectionReason OriginNotAllowed { get; } = new("origin-not-allowed", StatusCodes.Status403Forbidden, "The origin is not allowed.");

    /// <summary>403: requests may not come from that address.</summary>
    public static RejectionReason AddressNotAllowed { get; } = new("address-not-allowed", StatusCodes.Status403Forbidden, "Requests from this address are not allowed.");

    /// <summary>403: no WebSocket may be opened here.</summary>
    public static RejectionReason UpgradeNotAllowed { get; } = new("upgrade-not-allowed", StatusCodes.Status403Forbidden, "WebSockets are not allowed here.");

    /// <summary>413: the request body is larger than allowed.</summary>
    public static RejectionReason BodyTooLarge { get; } = new("body-too-large", StatusCodes.Status413PayloadTooLarge, "The request body is too large.");

    /// <summary>408: the client sent its request too slowly.</summary>
    public static RejectionReason ClientTimeout { get; } = new("client-timeout", StatusCodes.Status408RequestTimeout, "The request arrived too slowly.");

    /// <summary>499, in records only: the client went away.</summary>
    public static RejectionReason ClientAborted { get; } = new("client-aborted", StatusCodes.Status499ClientClosedRequest, "The client closed the request.");

    /// <summary>417: an expectation other than 100-continue (RFC 9110 §10.1.1).</summary>
    public static RejectionReason Expectation { get; } = new("expectation", StatusCodes.Status417ExpectationFailed, "The expectation cannot be met.") { GrpcStatus = 13 };

    /// <summary>508: the request has passed this gateway too often.</summary>
    public static RejectionReason LoopDetected { get; } = new("loop-detected", StatusCodes.Status508LoopDetected, "The request is going in a circle.") { GrpcStatus = 13 };

    /// <summary>500: a filter, transform or policy threw.</summary>
    public static RejectionReason FilterError { get; } = new("filter-error", StatusCodes.Status500InternalServerError, "The gateway failed to process the request.");

    /// <summary>503: the cluster has no destination to send to.</summary>
    public static RejectionReason NoHealthyUpstream { get; } = new("no-healthy-upstream", StatusCodes.Status503ServiceUnavailable, "No destination is available.");

    /// <summary>503: what would serve the request has failed too often lately, and is left alone for a while.</summary>
    public static RejectionReason CircuitOpen { get; } = new("circuit-open", StatusCodes.Status503ServiceUnavailable, "The service is failing and is left alone for a moment.");

    /// <summary>503: too much is in flight.</summary>
    public static RejectionReason Overloaded { get; } =
        new("overloaded", StatusCodes.Status503ServiceUnavailable, "The service is overloaded.") { RegisteredType = ProblemTypes.TemporaryReducedCapacity };

    /// <summary>503: the request cannot be recorded, and is not served unrecorded.</summary>
    public static RejectionReason AuditUnavailable { get; } = new("audit-unavailable", StatusCodes.Status503ServiceUnavailable, "The request cannot be recorded.");

    /// <summary>503: the host is shutting down.</summary>
    public static RejectionReason Draining { get; } = new("draining", StatusCodes.Status503ServiceUnavailable, "The service is shutting down.");

    /// <summary>502: no connection to the destination.</summary>
    public static RejectionReason UpstreamConnect { get; } = new("upstream-connect", StatusCodes.Status502BadGateway, "The destination could not be reached.");

    /// <summary>502: TLS with the destination failed.</summary>
    public static RejectionReason UpstreamTls { get; } = new("upstream-tls", StatusCodes.Status502BadGateway, "The destination could not be reached securely.");

    /// <summary>502: the destination broke the protocol.</summary>
    public static RejectionReason UpstreamProtocol { get; } = new("upstream-protocol", StatusCodes.Status502BadGateway, "The destination sent an invalid answer.") { GrpcStatus = 13 };

    /// <summary>502: the destination closed the exchange before it was complete.</summary>
    public static RejectionReason UpstreamReset { get; } = new("upstream-reset", StatusCodes.Status502BadGateway, "The destination closed the connection.");

    /// <summary>503: another attempt of the same request was faster. Recorded of an attempt, never answered.</summary>
    public static RejectionReason Superseded { get; } = new("superseded", StatusCodes.Status503ServiceUnavailable, "Another attempt was faster.");

    /// <summary>504: the destination did not answer in time.</summary>
    public static RejectionReason UpstreamTimeout { get; } = new("upstream-timeout", StatusCodes.Status504GatewayTimeout, "The destination did not answer in time.");

    /// <summary>504: the deadline of the whole exchange passed.</summary>
    public static RejectionReason DeadlineExceeded { get; } = new("deadline-exceeded", StatusCodes.Status504GatewayTimeout, "The request took too long.");

    /// <summary>503, or the status that was asked for: the request was failed on purpose, to see what becomes of it.</summary>
    public static RejectionReason FaultInjected { get; } = new("fault-injected", StatusCodes.Status503ServiceUnavailable, "The request was failed on purpose.");

    /// <inheritdoc/>
    public override string ToString() => Code;

    private static bool IsCode([NotNullWhen(true)] string? code) =>
        code is { Length: > 0 and <= 64 } && code[0] is >= 'a' and <= 'z' && code[^1] is not '-'
        && code.All(static c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');
}
