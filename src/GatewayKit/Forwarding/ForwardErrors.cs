using System.ComponentModel;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using GatewayKit.Clusters;
using Microsoft.AspNetCore.Http;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace GatewayKit.Forwarding;

/// <summary>Finds out what an exception means. The decision is taken once, first match wins: clock, client, body, destination.</summary>
internal static class ForwardErrors
{
    // REFUSED_STREAM (RFC 9113 §7) and H3_REQUEST_REJECTED (RFC 9114 §8.1).
    private const long RefusedStream = 0x7;
    private const long RequestRejected = 0x10b;

    /// <summary>The error of an attempt that brought no answer.</summary>
    public static ForwardError BeforeHead(Exception exception, ExchangeClock clock, RequestBody? body, HttpContext httpContext)
    {
        if (clock.Error is not ForwardError.None and var clocked)
        {
            return clocked;
        }

        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            return ForwardError.ClientAborted;
        }

        if (body?.ReadFailure is { } unreadable)
        {
            return OfClientBody(unreadable);
        }

        var error = OfDestination(exception);
        return body?.WriteFailure is not null && error is ForwardError.UpstreamReset ? ForwardError.UpstreamUploadFailed : error;
    }

    /// <summary>The error of an answer that broke off, when reading it failed.</summary>
    public static ForwardError InBody(Exception exception, ExchangeClock clock, RequestBody? body)
    {
        if (clock.Error is not ForwardError.None and var clocked)
        {
            return clocked;
        }

        // A destination that is told of a broken upload breaks its answer off.
        if (body?.ReadFailure is { } unreadable)
        {
            return OfClientBody(unreadable);
        }

        return OfDestination(exception) switch
        {
            ForwardError.UpstreamProtocolError => ForwardError.UpstreamProtocolError,
            _ => ForwardError.UpstreamTruncated,
        };
    }

    /// <summary>
    /// Whether a destination refused a WebSocket over HTTP/2 in a way that leaves HTTP/1.1 to try: its settings know no extended CONNECT (RFC 8441 §3),
    /// it negotiated or asks for HTTP/1.1 (RFC 9113 §7), or broke the negotiation off, which nothing tells from other failures of TLS.
    /// </summary>
    public static bool IsVersionRefused(Exception exception) => exception switch
    {
        HttpProtocolException { ErrorCode: 0xd } => true,
        HttpRequestException { HttpRequestError: HttpRequestError.VersionNegotiationError or HttpRequestError.ExtendedConnectNotSupported } => true,
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } or HttpRequestException { InnerException: AuthenticationException } => true,
        HttpRequestException { InnerException: HttpProtocolException { ErrorCode: 0xd } } => true,

        // Where the word that asks for HTTP/1.1 is quicker than the handler, which has not handed the connection to the request yet or still introduces itself,
        // it closes the connection and does not tell the request why. A destination that hangs up without a word at that moment looks the same.
        HttpRequestException { HttpRequestError: HttpRequestError.Unknown, InnerException: null or IOException { InnerException: ObjectDisposedException } } => true,
        _ => false,
    };

    /// <summary>The server's own word on a body it could not read (C3).</summary>
    public static ForwardError OfClientBody(Exception exception) => exception switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ForwardError.ClientBodyTooLarge,
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => ForwardError.ClientBodyTimeout,
        BadHttpRequestException => ForwardError.ClientBodyInvalid,

        // Kestrel 10 has no word of its own for a chunk size that overflows and for a NUL in a trailer.
        IOException { InnerException: OverflowException } or InvalidOperationException and not ObjectDisposedException => ForwardError.ClientBodyInvalid,
        _ => ForwardError.ClientAborted,
    };

    private static ForwardError OfDestination(Exception exception) => exception switch
    {
        // What strategies of the host say instead of sending.
        TimeoutRejectedException => ForwardError.UpstreamHeadersTimeout,
        BrokenCircuitException => ForwardError.CircuitOpen,
        ExecutionRejectedException => ForwardError.Overloaded,

        // A connect timeout comes as a cancellation that nobody asked for (E11).
        OperationCanceledException { InnerException: TimeoutException } => ForwardError.UpstreamConnectTimeout,
        HttpRequestException { InnerException: AuthenticationException } => ForwardError.UpstreamTlsFailed,
        HttpRequestException { InnerException: DeniedAddressException } => ForwardError.UpstreamAddressDenied,
        _ when ProtocolErrorOf(exception) is { ErrorCode: RefusedStream or RequestRejected } => ForwardError.UpstreamRefused,
        _ when ProtocolErrorOf(exception) is { } protocol && (IsGivenUp(protocol.ErrorCode) || IsSilence(protocol)) => ForwardError.UpstreamReset,
        HttpRequestException request => IsOfTls(request) ? ForwardError.UpstreamTlsBroken : OfRequest(request),
        HttpIOException io => OfKind(io.HttpRequestError) ?? ForwardError.UpstreamReset,
        AuthenticationException => ForwardError.UpstreamTlsFailed,
        _ => ForwardError.UpstreamReset,
    };

    // An upload that meets a stream which was reset reports that as what made its own failure.
    private static HttpProtocolException? ProtocolErrorOf(Exception? exception)
    {
        while (exception is not (null or HttpProtocolException))
        {
            exception = exception.InnerException;
        }

        return exception as HttpProtocolException;
    }

    // NO_ERROR, INTERNAL_ERROR, CANCEL, ENHANCE_YOUR_CALM (RFC 9113 §7): the destination gave up, as by closing a connection of HTTP/1.1. Other codes
    // complain about the protocol.
    private static bool IsGivenUp(long code) => code is 0x0 or 0x2 or 0x8 or 0xb;

    // A peer that answers no PING is gone, and has broken no rule; but the handler ends the connection by a protocol error of its own making, and only the
    // words tell it from others. No peer can choose these: all that it sends is a code. The second are those of an app that has the first trimmed away.
    private static bool IsSilence(HttpProtocolException exception) =>
        exception.Message.Contains("KeepAlivePing", StringComparison.Ordinal) || exception.Message.Contains("net_ping_request_timed_out", StringComparison.Ordinal);

    // After the handshake TLS fails as an IOException with a cause of SslStream's own, or of Windows: an alert, or a record that cannot be read.
    private static bool IsOfTls(Exception exception)
    {
        for (var outer = exception; outer is not null; outer = outer.InnerException)
        {
            if (outer is IOException { InnerException: { } cause } && (cause.GetType().Assembly == typeof(SslStream).Assembly || cause is Win32Exception and not SocketException))
            {
                return true;
            }
        }

        return false;
    }

    private static ForwardError OfRequest(HttpRequestException exception) => OfKind(exception.HttpRequestError) ?? exception.InnerException switch
    {
        HttpIOException io => OfKind(io.HttpRequestError) ?? ForwardError.UpstreamReset,
        SocketException => ForwardError.UpstreamConnectFailed,
        _ => ForwardError.UpstreamReset,
    };

    private static ForwardError? OfKind(HttpRequestError kind) => kind switch
    {
        HttpRequestError.NameResolutionError => ForwardError.UpstreamResolveFailed,
        HttpRequestError.ConnectionError or HttpRequestError.ProxyTunnelError => ForwardError.UpstreamConnectFailed,
        HttpRequestError.SecureConnectionError => ForwardError.UpstreamTlsFailed,
        HttpRequestError.VersionNegotiationError or HttpRequestError.ExtendedConnectNotSupported => ForwardError.UpstreamVersionRefused,
        HttpRequestError.HttpProtocolError or HttpRequestError.InvalidResponse => ForwardError.UpstreamProtocolError,
        HttpRequestError.ConfigurationLimitExceeded => ForwardError.UpstreamHeadTooLarge,
        HttpRequestError.ResponseEnded => ForwardError.UpstreamReset,
        _ => null,
    };
}
