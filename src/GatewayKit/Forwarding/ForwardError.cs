namespace GatewayKit.Forwarding;

/// <summary>How forwarding a request failed: who is to blame, and so whether it may be tried again.</summary>
public enum ForwardError
{
    /// <summary>It did not.</summary>
    None,

    /// <summary>The path or query has no single reading.</summary>
    AmbiguousPath,

    /// <summary>The framing of the request has no single reading.</summary>
    AmbiguousFraming,

    /// <summary>A header name cannot be forwarded, or is another spelling of a protected one.</summary>
    HeaderName,

    /// <summary><c>Connection</c> names a field that must not be removed.</summary>
    HopByHopAbuse,

    /// <summary>The method is not forwarded.</summary>
    MethodNotAllowed,

    /// <summary>An upgrade request with a body or without a valid key.</summary>
    UpgradeInvalid,

    /// <summary>The client states a deadline that cannot be read.</summary>
    DeadlineInvalid,

    /// <summary>A page of that origin may not open a WebSocket.</summary>
    OriginNotAllowed,

    /// <summary>An expectation other than 100-continue.</summary>
    ExpectationFailed,

    /// <summary>The request has passed this gateway too often.</summary>
    LoopDetected,

    /// <summary>The client's body broke off or was malformed.</summary>
    ClientBodyInvalid,

    /// <summary>The client's body is larger than allowed.</summary>
    ClientBodyTooLarge,

    /// <summary>The client sent its body too slowly.</summary>
    ClientBodyTimeout,

    /// <summary>The client went away.</summary>
    ClientAborted,

    /// <summary>The client took no bytes.</summary>
    ClientStalled,

    /// <summary>A transform threw.</summary>
    TransformFailed,

    /// <summary>A transform could not make a request worth sending, and said why.</summary>
    TransformRefused,

    /// <summary>There was no place for it in the gateway: no connection came free in time, or no more WebSockets are taken. Nothing was sent.</summary>
    Overloaded,

    /// <summary>The host is shutting down: no WebSocket is opened any more, and one that is left is cut.</summary>
    Draining,

    /// <summary>The cluster has no destination.</summary>
    NoHealthyDestination,

    /// <summary>The name of the destination does not resolve.</summary>
    UpstreamResolveFailed,

    /// <summary>No connection to the destination.</summary>
    UpstreamConnectFailed,

    /// <summary>No connection in time.</summary>
    UpstreamConnectTimeout,

    /// <summary>TLS with the destination failed.</summary>
    UpstreamTlsFailed,

    /// <summary>The destination does not speak the version asked for.</summary>
    UpstreamVersionRefused,

    /// <summary>The destination closed the connection before its answer.</summary>
    UpstreamReset,

    /// <summary>The destination stopped taking the request's body.</summary>
    UpstreamUploadFailed,

    /// <summary>No head of an answer in time.</summary>
    UpstreamHeadersTimeout,

    /// <summary>The destination moved no byte for too long.</summary>
    UpstreamStalled,

    /// <summary>The destination broke the protocol.</summary>
    UpstreamProtocolError,

    /// <summary>The head of the answer is larger than allowed.</summary>
    UpstreamHeadTooLarge,

    /// <summary>The answer's body broke off.</summary>
    UpstreamTruncated,

    /// <summary>The deadline of the whole exchange passed.</summary>
    DeadlineExceeded,

    /// <summary>A tunnel in which no byte moved for too long.</summary>
    UpgradeIdleTimeout,

    /// <summary><c>Host</c> is absent, doubled or none.</summary>
    BadHost,

    /// <summary>A credential is there twice.</summary>
    DuplicateCredential,

    /// <summary>A header value cannot be forwarded.</summary>
    HeaderValue,

    /// <summary>Every address of the destination lies in a network that destinations must not be in.</summary>
    UpstreamAddressDenied,

    /// <summary>TLS with the destination broke after the handshake: with TLS 1.3 that is how a client certificate is found wanting (RFC 8446 §4.4.2.4).</summary>
    UpstreamTlsBroken,

    /// <summary>The server upgrades no more connections, and the destination had agreed already.</summary>
    UpgradesFull,

    /// <summary>The circuits of all destinations are open: nothing was sent.</summary>
    CircuitOpen,

    /// <summary>The destination refused the request before it looked at it (RFC 9113 §8.7).</summary>
    UpstreamRefused,

    /// <summary>Another attempt of the same request was faster.</summary>
    Superseded,
}
