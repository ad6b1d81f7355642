using System.Buffers;

namespace GatewayKit.Transforms;

internal static class HostRules
{
    private static readonly SearchValues<char> Characters =
        SearchValues.Create("-._~!$&'()*+;=%:[]0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Whether a text is a host with an optional port and nothing else (RFC 9110 §7.2).</summary>
    public static bool IsHost(string? text) =>
        !string.IsNullOrEmpty(text) && !text.AsSpan().ContainsAnyExcept(Characters)
        && Uri.TryCreate($"http://{text}/", UriKind.Absolute, out var uri) && uri.AbsolutePath is "/";
}
