using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using GatewayKit.FunctionalTests.Hosting;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>Handshakes and frames as bytes.</summary>
internal static class WebSocketScripts
{
    /// <summary>Close with status 1001, from a server.</summary>
    public const string GoingAway = "\u0088\u0002\u0003\u00e9";

    public static string Handshake(string more = "") =>
        $"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n";

    /// <summary>Reads a handshake and accepts it.</summary>
    public static async Task AcceptAsync(this RawConnection connection)
    {
        var head = await connection.ReadHeadAsync();
        var key = Regex.Match(head, "(?i)sec-websocket-key: *(\\S+)").Groups[1].Value;
        await connection.SendAsync($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {AcceptOf(key)}\r\n\r\n");
    }

    /// <summary>Opens a WebSocket through a gateway.</summary>
    public static async Task<RawConnection> OpenAsync(Uri gateway, string more = "")
    {
        var client = await RawConnection.ConnectAsync(gateway);
        await client.SendAsync(Handshake(more));
        Assert.StartsWith("HTTP/1.1 101", await client.ReadHeadAsync());
        return client;
    }

    /// <summary>A frame; one of a client is masked with zeros.</summary>
    public static string Frame(string payload, bool masked, char first = '\u0082') =>
        $"{first}{(char)(payload.Length | (masked ? 0x80 : 0))}{(masked ? "\0\0\0\0" : string.Empty)}{payload}";

    /// <summary>The payload of a masked frame of up to 125 bytes.</summary>
    public static async Task<string> ReadMaskedAsync(this RawConnection connection, char first)
    {
        var head = await connection.ReadAsync(6);
        Assert.Equal(first, head[0]);
        Assert.Equal(0x80, head[1] & 0x80);
        var payload = await connection.ReadAsync(head[1] & 0x7f);
        return new([.. payload.Select((value, index) => (char)(value ^ head[2 + (index % 4)]))]);
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "RFC 6455 asks for SHA-1.")]
    public static string AcceptOf(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
}
