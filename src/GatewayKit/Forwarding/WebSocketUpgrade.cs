using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Clusters;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Forwarding;

/// <summary>
/// A WebSocket handshake between two versions of HTTP. HTTP/1.1 upgrades with a key that the other side hashes (RFC 6455 §4), HTTP/2
/// connects without one (RFC 8441): the gateway makes, checks or answers keys for the side that has none.
/// </summary>
internal sealed class WebSocketUpgrade
{
    private const string KeyName = "Sec-WebSocket-Key";
    private const string AcceptName = "Sec-WebSocket-Accept";

    private readonly bool _destinationConnects;
    private string? _key;

    private WebSocketUpgrade(bool clientConnects, bool destinationConnects) => (ClientConnects, _destinationConnects) = (clientConnects, destinationConnects);

    /// <summary>Whether the client asked by extended CONNECT (RFC 8441) rather than by upgrade.</summary>
    public bool ClientConnects { get; }

    /// <summary>Finds out whether the client asks for a WebSocket. Any other upgrade is no business of a gateway: the request is plain.</summary>
    public static ForwardError TryCreate(HttpContext httpContext, ClusterHttp http, out WebSocketUpgrade? upgrade)
    {
        upgrade = null;
        var request = httpContext.Request;
        if (httpContext.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            if (!string.Equals(connect.Protocol, "websocket", StringComparison.OrdinalIgnoreCase))
            {
                return ForwardError.MethodNotAllowed;
            }

            upgrade = new(clientConnects: true, http.Version.Major >= 2);
            return ForwardError.None;
        }

        if (request.Headers.Upgrade.Count == 0
            || !HttpMethods.IsGet(request.Method)
            || !NamesWebSocket(request.Headers.Upgrade.ToString()))
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

        if (!HasKey(request, out var key))
        {
            return ForwardError.UpgradeInvalid;
        }

        upgrade = new(clientConnects: false, http.Version.Major >= 2) { _key = key };
        return ForwardError.None;
    }

    /// <summary>Writes the handshake that the destination's version asks for.</summary>
    public void Write(HttpRequestMessage message)
    {
        // Fields that describe a content have none here to describe, and an end of it would end the tunnel.
        message.Content = null;
        if (_destinationConnects)
        {
            message.Method = HttpMethod.Connect;
            message.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            message.Headers.Protocol = "websocket";
            message.Headers.Remove(KeyName);
            return;
        }

        message.Method = HttpMethod.Get;
        message.Version = System.Net.HttpVersion.Version11;
        message.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        message.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        message.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        if (ClientConnects)
        {
            _key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
            message.Headers.Remove(KeyName);
            message.Headers.TryAddWithoutValidation(KeyName, _key);
        }
    }

    /// <summary>Whether the answer opens the tunnel; any other answer is an ordinary one.</summary>
    public bool IsAccepted(HttpResponseMessage answer) =>
        (int)answer.StatusCode == (_destinationConnects ? StatusCodes.Status200OK : StatusCodes.Status101SwitchingProtocols);

    /// <summary>Whether an answer that opens the tunnel keeps to the handshake (RFC 6455 §4.2.2).</summary>
    public bool IsValid(HttpResponseMessage answer) =>
        _destinationConnects
        || (answer.Headers.NonValidated.TryGetValues(AcceptName, out var accept) && accept.ToString() == AcceptOf(_key!)
            && answer.Headers.NonValidated.TryGetValues("Upgrade", out var protocol) && NamesWebSocket(protocol.ToString()));

    /// <summary>Opens the client's side, after the head of the answer was copied.</summary>
    public async ValueTask<Stream> AcceptAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentLength = null;
        if (ClientConnects)
        {
            response.StatusCode = StatusCodes.Status200OK;
            response.Headers.Remove(AcceptName);
            return await httpContext.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync().ConfigureAwait(false);
        }

        response.StatusCode = StatusCodes.Status101SwitchingProtocols;
        response.Headers.Connection = "Upgrade";
        response.Headers.Upgrade = "websocket";
        response.Headers[AcceptName] = AcceptOf(_key!);
        return await httpContext.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync().ConfigureAwait(false);
    }

    private static bool NamesWebSocket(string upgrade) => string.Equals(upgrade.Trim(), "websocket", StringComparison.OrdinalIgnoreCase);

    // One key: 16 bytes in base64 (RFC 6455 §4.2.1).
    private static bool HasKey(HttpRequest request, [NotNullWhen(true)] out string? key)
    {
        Span<byte> decoded = stackalloc byte[18];
        var keys = request.Headers[KeyName];
        key = keys.Count == 1 ? keys[0] : null;
        return key is { Length: 24 } && Convert.TryFromBase64String(key, decoded, out var length) && length == 16;
    }

    // The hash proves that the other side speaks WebSocket; it is no security (RFC 6455 §1.3).
    [SuppressMessage("Security", "CA5350", Justification = "RFC 6455 asks for SHA-1.")]
    private static string AcceptOf(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
}
