using System.Security.Claims;
using GatewayKit.Identity.Schemes;

namespace GatewayKit.Identity.Access;

/// <summary>What the authenticated identities of a user say; what any other one says nobody vouches for.</summary>
internal static class UserClaims
{
    /// <summary>Whether a scope was granted: a list with spaces, a claim each, or both.</summary>
    public static bool HasScope(ClaimsPrincipal user, string scope)
    {
        foreach (var identity in user.Identities)
        {
            if (!identity.IsAuthenticated)
            {
                continue;
            }

            foreach (var claim in identity.Claims)
            {
                if (CallerClaims.IsOfScopes(claim.Type) && HasWord(claim.Value, scope))
                {
                    return true;
                }
            }
        }

        return false;
    }

    public static bool HasRole(ClaimsPrincipal user, IReadOnlyList<string> roles)
    {
        foreach (var identity in user.Identities)
        {
            if (identity.IsAuthenticated && HasClaim(identity, identity.RoleClaimType, roles))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether there is a claim of a type with one of these values. By case, also where the type of the framework's own look-up would not mind.</summary>
    public static bool HasClaim(ClaimsPrincipal user, string type, params IReadOnlyList<string> values)
    {
        foreach (var identity in user.Identities)
        {
            if (identity.IsAuthenticated && HasClaim(identity, type, values))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasClaim(ClaimsIdentity identity, string type, IReadOnlyList<string> values)
    {
        foreach (var claim in identity.Claims)
        {
            if (string.Equals(claim.Type, type, StringComparison.Ordinal) && values.Contains(claim.Value, StringComparer.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasWord(ReadOnlySpan<char> list, ReadOnlySpan<char> word)
    {
        foreach (var range in list.Split(' '))
        {
            if (list[range].SequenceEqual(word))
            {
                return true;
            }
        }

        return false;
    }
}
