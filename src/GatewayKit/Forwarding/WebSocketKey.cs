using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Forwarding;

/// <summary>The key of a handshake over HTTP/1.1 and what answers it (RFC 6455 §4).</summary>
internal static class WebSocketKey
{
    public const string Name = "Sec-WebSocket-Key";
    public const string AcceptName = "Sec-WebSocket-Accept";

    public static string Create() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));

    /// <summary>Reads the one key: 16 bytes in base64 (§4.2.1).</summary>
    public static bool TryRead(HttpRequest request, [NotNullWhen(true)] out string? key)
    {
        Span<byte> decoded = stackalloc byte[18];
        var keys = request.Headers[Name];
        key = keys.Count == 1 ? keys[0] : null;
        return key is { Length: 24 } && Convert.TryFromBase64String(key, decoded, out var length) && length == 16;
    }

    // The hash proves that the other side speaks WebSocket; it is no security (§1.3).
    [SuppressMessage("Security", "CA5350", Justification = "RFC 6455 asks for SHA-1.")]
    public static string AcceptOf(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
}
