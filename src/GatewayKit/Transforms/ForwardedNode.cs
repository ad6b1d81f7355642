using System.Net;
using System.Security.Cryptography;
using GatewayKit.Pipeline;

namespace GatewayKit.Transforms;

/// <summary>Names of the two ends of a connection (RFC 7239 §6).</summary>
internal static class ForwardedNode
{
    private const string ObfuscatedCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>The plain address, as <c>X-Forwarded-For</c> has it.</summary>
    public static string? Address(IPAddress? address) => address is null ? null : PeerAddress.Plain(address).ToString();

    /// <summary>The node as a value of <c>Forwarded</c>: quoted where a colon or bracket is in it (RFC 7239 §6).</summary>
    public static string Format(NodeFormat format, IPAddress? address, int port)
    {
        var name = format switch
        {
            NodeFormat.Ip or NodeFormat.IpAndPort or NodeFormat.IpAndRandomPort => Address(address) switch
            {
                null => "unknown",
                var text when text.Contains(':', StringComparison.Ordinal) => $"[{text}]",
                var text => text,
            },
            NodeFormat.Random or NodeFormat.RandomAndPort or NodeFormat.RandomAndRandomPort => Obfuscated(),
            _ => "unknown",
        };
        var node = format switch
        {
            NodeFormat.IpAndPort or NodeFormat.RandomAndPort or NodeFormat.UnknownAndPort when port > 0 => $"{name}:{port}",
            NodeFormat.IpAndRandomPort or NodeFormat.RandomAndRandomPort or NodeFormat.UnknownAndRandomPort => $"{name}:{Obfuscated()}",
            _ => name,
        };
        return node.AsSpan().ContainsAny(':', '[') ? $"\"{node}\"" : node;
    }

    // One per request, so that requests of one client cannot be joined (RFC 7239 §6.3).
    private static string Obfuscated() => "_" + RandomNumberGenerator.GetString(ObfuscatedCharacters, 9);
}
