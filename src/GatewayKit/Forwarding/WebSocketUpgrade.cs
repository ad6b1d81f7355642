using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Forwarding;

/// <summary>
/// A WebSocket handshake between two versions of HTTP. HTTP/1.1 upgrades with a key that the other side hashes (RFC 6455 §4), HTTP/2
/// connects without one (RFC 8441): the gateway makes, checks or answers keys for the side that has none.
/// </summary>
internal sealed class WebSocketUpgrade
{
    private readonly bool _mayFallBack;
    private bool _destinationConnects;
    private string? _key;
    private Tunnels? _reserved;

    private WebSocketUpgrade(bool clientConnects, ClusterHttp http)
    {
        ClientConnects = clientConnects;
        _destinationConnects = http.WebSocketVersion.Major >= 2;
        _mayFallBack = http.WebSocketVersionPolicy is HttpVersionPolicy.RequestVersionOrLower;
    }

    /// <summary>Whether the client asked by extended CONNECT (RFC 8441) rather than by upgrade.</summary>
    public bool ClientConnects { get; }

    /// <summary>Whether both sides are streams of HTTP/2, of which one direction can end alone.</summary>
    public bool EndsInHalves => ClientConnects && _destinationConnects;

    /// <summary>Finds out whether the client asks for a WebSocket. Any other upgrade is no business of a gateway: the request is plain.</summary>
    public static ForwardError TryCreate(HttpContext httpContext, ClusterHttp http, out WebSocketUpgrade? upgrade)
    {
        upgrade = null;
        var request = httpContext.Request;
        if (httpContext.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            if (!WebSocketHandshake.IsNamed(connect.Protocol!))
            {
                return ForwardError.MethodNotAllowed;
            }

            upgrade = new(clientConnects: true, http);
            return CheckOrigin(httpContext);
        }

        // HTTP/1.0 knows no 101 (RFC 9110 §7.8).
        if (request.Headers.Upgrade.Count == 0
            || !HttpMethods.IsGet(request.Method)
            || HttpProtocol.IsHttp10(request.Protocol)
            || !WebSocketHandshake.IsNamed(request.Headers.Upgrade.ToString()))
        {
            return ForwardError.None;
        }

        // Bytes of a body would reach the destination as frames (C8).
        if (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0)
        {
            return ForwardError.UpgradeInvalid;
        }

        if (httpContext.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true })
        {
            return ForwardError.None;
        }

        if (!WebSocketKey.TryRead(request, out var key))
        {
            return ForwardError.UpgradeInvalid;
        }

        upgrade = new(clientConnects: false, http) { _key = key };
        return CheckOrigin(httpContext);
    }

    /// <summary>Takes a place among the tunnels; <see cref="Release"/> gives it back.</summary>
    public ForwardError Reserve(Tunnels tunnels)
    {
        var error = tunnels.Reserve();
        _reserved = error is ForwardError.None ? tunnels : null;
        return error;
    }

    /// <summary>Runs the tunnel in the place that was taken.</summary>
    public ValueTask<TunnelOutcome> RunAsync(Tunnel tunnel, Exchange exchange, TimeSpan maxDuration) => _reserved!.RunAsync(tunnel, exchange, maxDuration);

    /// <summary>Gives the place back. Idempotent.</summary>
    public void Release() => Interlocked.Exchange(ref _reserved, null)?.Release();

    /// <summary>Goes over to HTTP/1.1 if that may be and was not tried.</summary>
    /// <param name="exception">Why the destination did not take the request.</param>
    public bool TryFallBack(Exception exception)
    {
        if (!_destinationConnects || !_mayFallBack || !ForwardErrors.IsVersionRefused(exception))
        {
            return false;
        }

        _destinationConnects = false;
        return true;
    }

    /// <summary>Says in which version the destination is asked.</summary>
    public void Begin(HttpRequestMessage message)
    {
        message.Version = _destinationConnects ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11;
        message.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        message.Method = _destinationConnects ? HttpMethod.Connect : HttpMethod.Get;
    }

    /// <summary>Writes the handshake that the destination's version asks for.</summary>
    public void Write(HttpRequestMessage message)
    {
        // Fields that describe a content have none here to describe, and an end of it would end the tunnel.
        message.Content = null;
        if (_destinationConnects)
        {
            message.Headers.Protocol = "websocket";
            message.Headers.Remove(WebSocketKey.Name);
            return;
        }

        message.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        message.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        if (ClientConnects)
        {
            // Whatever a client of HTTP/2 calls its key is none (RFC 8441 §5).
            _key = WebSocketKey.Create();
            message.Headers.Remove(WebSocketKey.Name);
            message.Headers.TryAddWithoutValidation(WebSocketKey.Name, _key);
        }
    }

    /// <summary>Whether the answer opens the tunnel; any other answer is an ordinary one.</summary>
    public bool IsAccepted(HttpResponseMessage answer) =>
        (int)answer.StatusCode == (_destinationConnects ? StatusCodes.Status200OK : StatusCodes.Status101SwitchingProtocols);

    /// <summary>Whether an answer that opens the tunnel keeps to the handshake (RFC 6455 §4.2.2).</summary>
    public bool IsValid(HttpResponseMessage answer) =>
        _destinationConnects
        || (answer.Headers.NonValidated.TryGetValues(WebSocketKey.AcceptName, out var accept) && accept.ToString() == WebSocketKey.AcceptOf(_key!)
            && answer.Headers.NonValidated.TryGetValues("Upgrade", out var protocol) && WebSocketHandshake.IsNamed(protocol.ToString())
            && answer.Headers.NonValidated.TryGetValues("Connection", out var options) && ConnectionOptions.Parse(ResponseHead.ToStringValues(options)).HasUpgrade);

    /// <summary>Opens the client's side, after the head of the answer was copied.</summary>
    public async ValueTask<Stream> AcceptAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentLength = null;
        if (ClientConnects)
        {
            response.StatusCode = StatusCodes.Status200OK;
            response.Headers.Remove(WebSocketKey.AcceptName);
            return await httpContext.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync().ConfigureAwait(false);
        }

        response.StatusCode = StatusCodes.Status101SwitchingProtocols;
        response.Headers.Connection = "Upgrade";
        response.Headers.Upgrade = "websocket";
        response.Headers[WebSocketKey.AcceptName] = WebSocketKey.AcceptOf(_key!);
        return await httpContext.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync().ConfigureAwait(false);
    }

    private static ForwardError CheckOrigin(HttpContext httpContext) =>
        httpContext.Features.Get<WebSocketTerms>() is null && !WebSocketHandshake.IsOfSameHost(httpContext.Request)
            ? ForwardError.OriginNotAllowed
            : ForwardError.None;
}
