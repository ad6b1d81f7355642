using System.Security.Claims;

namespace GatewayKit.Identity.Schemes;

/// <summary>What the claims of an identity say of who calls, under the names of tokens and the long ones that the framework's handlers make of them.</summary>
internal static class CallerClaims
{
    private const string Subject = "sub";
    private const int MaxIdLength = 200;

    // What JwtBearer and OpenIdConnect write in place of the short names while MapInboundClaims is on, its default.
    private static readonly Dictionary<string, string> LongNames = new(StringComparer.Ordinal)
    {
        [Subject] = ClaimTypes.NameIdentifier,
        ["name"] = ClaimTypes.Name,
        ["unique_name"] = ClaimTypes.Name,
        ["email"] = ClaimTypes.Email,
        ["upn"] = ClaimTypes.Upn,
        ["scp"] = "http://schemas.microsoft.com/identity/claims/scope",
        ["tid"] = "http://schemas.microsoft.com/identity/claims/tenantid",
        ["oid"] = "http://schemas.microsoft.com/identity/claims/objectidentifier",
    };

    /// <summary>The names under which each of these claims may stand.</summary>
    public static (string Name, string? LongName)[] NamesOf(IReadOnlyList<string> claims) => [.. claims.Select(static name => (name, LongNames.GetValueOrDefault(name)))];

    /// <summary>Which consumer the claims name.</summary>
    /// <param name="principal">The identity.</param>
    /// <param name="names">The claims, the first of which counts that is there.</param>
    /// <param name="id">The value.</param>
    /// <returns>What is wrong with it; <see langword="null"/> if nothing is.</returns>
    public static string? FindConsumer(ClaimsPrincipal principal, (string Name, string? LongName)[] names, out string id)
    {
        id = string.Empty;
        foreach (var name in names)
        {
            var fault = Find(principal, name, out var value);
            if (fault is not null || value is not null)
            {
                id = value ?? string.Empty;
                return fault ?? FaultOf(id);
            }
        }

        return "no-consumer-claim";
    }

    /// <summary>Whether two identities are of one caller: they agree on who the subject is, or are of one consumer.</summary>
    public static bool Agree(ClaimsPrincipal first, ClaimsPrincipal second, (string Name, string? LongName)[] names)
    {
        var subject = (Subject, LongNames[Subject]);
        return Find(first, subject, out var one) is null && Find(second, subject, out var other) is null && one is not null && other is not null
            ? one == other
            : FindConsumer(first, names, out var id) is null && FindConsumer(second, names, out var otherId) is null && id == otherId;
    }

    /// <summary>What the caller was granted: <c>scope</c> (RFC 8693 §4.2) and <c>scp</c>, split at spaces.</summary>
    /// <returns><see langword="null"/> if nothing says anything of it.</returns>
    public static IReadOnlyList<string>? FindScopes(ClaimsPrincipal principal)
    {
        List<string>? scopes = null;
        foreach (var identity in principal.Identities)
        {
            foreach (var claim in identity.Claims)
            {
                if (IsOfScopes(claim.Type))
                {
                    (scopes ??= []).AddRange(claim.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
                }
            }
        }

        return scopes;
    }

    /// <summary>Whether a claim tells scopes: RFC 8693 §4.2 and RFC 9068 §2.2.3; Microsoft's name, and what its token handlers make of it.</summary>
    public static bool IsOfScopes(string type) => type is "scope" or "scp" || type == LongNames["scp"];

    // Of two that differ, readers could take one each.
    private static string? Find(ClaimsPrincipal principal, (string Name, string? LongName) name, out string? value)
    {
        value = null;
        foreach (var identity in principal.Identities)
        {
            foreach (var claim in identity.Claims)
            {
                if (claim.Type == name.Name || claim.Type == name.LongName)
                {
                    if (value is not null && value != claim.Value)
                    {
                        return "consumer-claim-doubled";
                    }

                    value = claim.Value;
                }
            }
        }

        return null;
    }

    // It ends up in keys of counters, records and fields.
    private static string? FaultOf(string id) =>
        id.Length is 0 or > MaxIdLength || id.AsSpan().ContainsAnyInRange('\0', '\u001f') || id.AsSpan().ContainsAnyInRange('\u007f', '\u009f') || string.IsNullOrWhiteSpace(id)
            ? "consumer-claim-malformed"
            : null;
}
