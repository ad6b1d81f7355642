using Microsoft.Extensions.Primitives;

namespace GatewayKit.Identity.Upstream;

/// <summary>The caller's own token, as <c>Authorization</c> has it.</summary>
internal static class SubjectToken
{
    /// <summary>The longest token that anyone has a reason to send, in characters.</summary>
    public const int MostLength = 8_192;

    /// <returns>The token; <see langword="null"/> if there is none, or not exactly one.</returns>
    public static string? Of(StringValues authorization)
    {
        const string Scheme = "Bearer ";
        if (authorization.Count != 1 || authorization[0] is not { } value || !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        // One word of visible ASCII without a comma, behind which there could be another credential (RFC 6750 §2.1).
        var token = value.AsSpan(Scheme.Length).Trim(' ');
        return token.Length is > 0 and <= MostLength && !token.ContainsAnyExceptInRange('!', '~') && !token.Contains(',') ? token.ToString() : null;
    }
}
