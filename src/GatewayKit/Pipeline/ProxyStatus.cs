using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>What <c>Proxy-Status</c> tells of an answer that the gateway made itself (RFC 9209): who, and the registered kind of error.</summary>
internal static class ProxyStatus
{
    public const string Name = "Proxy-Status";

    /// <param name="pseudonym">The name the gateway signs with.</param>
    /// <param name="reason">Why it refused or failed.</param>
    public static string Of(string pseudonym, RejectionReason reason) => $"{NameOf(pseudonym)}; error={ErrorOf(reason)}";

    // A token of structured fields begins with a letter; any other name is a string (RFC 8941 §3.3).
    public static string NameOf(string pseudonym) => char.IsAsciiLetter(pseudonym[0]) ? pseudonym : $"\"{pseudonym}\"";

    // RFC 9209 §2.3. What the client did, and what a policy decided, have one kind each.
    private static string ErrorOf(RejectionReason reason) => reason.Code switch
    {
        "no-healthy-upstream" => "destination_unavailable",
        "upstream-connect" => "connection_refused",
        "upstream-tls" => "tls_protocol_error",
        "upstream-protocol" => "http_protocol_error",
        "upstream-reset" => "connection_terminated",
        "upstream-timeout" => "http_response_timeout",
        "deadline-exceeded" => "http_response_timeout",
        "loop-detected" => "proxy_loop_detected",
        "overloaded" => "connection_limit_reached",
        _ when reason.Status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden or StatusCodes.Status429TooManyRequests => "http_request_denied",
        _ when reason.Status < StatusCodes.Status500InternalServerError => "http_request_error",
        _ => "proxy_internal_error",
    };
}
