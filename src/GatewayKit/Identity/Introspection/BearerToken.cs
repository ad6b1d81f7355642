using System.Buffers;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Identity.Introspection;

/// <summary>The bearer token of a request, from <c>Authorization</c> alone (RFC 6750 §2.1): those in addresses and forms are written down by others.</summary>
internal static class BearerToken
{
    /// <summary>The longest token that anyone has a reason to send, in characters.</summary>
    public const int MostLength = 8_192;

    private const string Scheme = "Bearer ";
    private const int NameLength = 6;

    // b64token (RFC 6750 §2.1); equals signs stand at the end.
    private static readonly SearchValues<char> Characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");

    /// <summary>Looks for the token.</summary>
    /// <param name="authorization">The field.</param>
    /// <param name="keyPrefix">What API keys begin with: they are another method's business, and told to no server.</param>
    /// <param name="token">The token, if it is written as tokens are.</param>
    public static BearerPresence Find(StringValues authorization, string keyPrefix, out ReadOnlySpan<char> token)
    {
        token = default;
        if (CredentialRules.AreDoubled(HeaderNames.Authorization, authorization))
        {
            return BearerPresence.Twice;
        }

        var value = authorization.Count == 0 ? default : authorization[0].AsSpan();
        if (!value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            // Others may split at a tab, or at whatever else ends the name of a scheme (RFC 9110 §11.1), and find a token that nobody here has looked at.
            return value.StartsWith(Scheme.AsSpan(0, NameLength), StringComparison.OrdinalIgnoreCase) && (value.Length == NameLength || !HttpToken.Characters.Contains(value[NameLength]))
                ? BearerPresence.Malformed
                : BearerPresence.Absent;
        }

        value = value[Scheme.Length..].Trim(' ');
        if (value.StartsWith(keyPrefix, StringComparison.Ordinal))
        {
            return BearerPresence.Absent;
        }

        if (value.Length is 0 or > MostLength || value.TrimEnd('=') is not { IsEmpty: false } rest || rest.ContainsAnyExcept(Characters))
        {
            return BearerPresence.Malformed;
        }

        token = value;
        return BearerPresence.Once;
    }
}

/// <summary>How a request has a bearer token.</summary>
internal enum BearerPresence
{
    Absent,
    Once,
    Twice,
    Malformed,
}
