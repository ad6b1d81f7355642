using System.Buffers;

namespace GatewayKit.Pipeline;

/// <summary>The tokens of HTTP (RFC 9110 §5.6.2): names of fields and methods, and much else that is not quoted.</summary>
internal static class HttpToken
{
    public static readonly SearchValues<char> Characters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static bool Is(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(Characters);
}
