using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Auditing.Records;

/// <summary>How a request ended, in one word.</summary>
internal static class AuditOutcome
{
    /// <summary>What is said of a request without an end.</summary>
    public const string Unknown = "unknown";

    /// <summary>Every word that an access may have.</summary>
    public static IReadOnlyList<string> All { get; } = ["ok", "denied", "throttled", "unmatched", "upstream_error", "timeout", "truncated", "client_aborted", "error", Unknown];

    public static ReadOnlySpan<byte> Ok => "ok"u8;

    public static ReadOnlySpan<byte> Denied => "denied"u8;

    public static ReadOnlySpan<byte> ClientAborted => "client_aborted"u8;

    public static ReadOnlySpan<byte> Truncated => "truncated"u8;

    /// <summary>The word for a request that a pipeline has seen.</summary>
    /// <param name="reason">Why it was not served; <see langword="null"/> if it was.</param>
    /// <param name="isCut">Whether a part of a destination's answer had gone out.</param>
    public static ReadOnlySpan<byte> Of(RejectionReason? reason, bool isCut) =>
        reason is null ? Ok
        : ReferenceEquals(reason, RejectionReason.ClientAborted) ? ClientAborted
        : isCut ? Truncated
        : reason.IsOfLimit || ReferenceEquals(reason, RejectionReason.Overloaded) ? "throttled"u8
        : reason.Status switch
        {
            StatusCodes.Status504GatewayTimeout => "timeout"u8,
            StatusCodes.Status502BadGateway => "upstream_error"u8,
            _ when ReferenceEquals(reason, RejectionReason.NoHealthyUpstream) || ReferenceEquals(reason, RejectionReason.CircuitOpen) => "upstream_error"u8,
            StatusCodes.Status500InternalServerError => "error"u8,
            _ => Denied,
        };

    /// <summary>The word for a request that no pipeline has seen: host middleware answered it, or nothing did.</summary>
    public static ReadOnlySpan<byte> Of(int status, bool isMatched) => status switch
    {
        StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed or StatusCodes.Status406NotAcceptable or StatusCodes.Status415UnsupportedMediaType when !isMatched => "unmatched"u8,
        StatusCodes.Status429TooManyRequests => "throttled"u8,
        >= StatusCodes.Status500InternalServerError => "error"u8,
        >= StatusCodes.Status400BadRequest => Denied,
        _ => Ok,
    };
}
