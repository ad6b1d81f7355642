using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>
/// Whose rights count on a request: those of the consumer with the claims of the identity that it was found by, or, where no consumer was, those of the host's user. Everything that goes by
/// claims asks here: with the key of one caller and the token of another the rights of both would add up.
/// </summary>
/// <param name="Consumer">The consumer, if one is known.</param>
/// <param name="Claims">Whoever has claims; <see langword="null"/> if the consumer was found by something that has none.</param>
internal readonly record struct Caller(GatewayConsumer? Consumer, ClaimsPrincipal? Claims)
{
    /// <summary>The caller, as far as it is known by now.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="isTried">Whether who asks is only tried itself: for what is in force a consumer whom only a policy on trial has found does not take the place of a user.</param>
    public static Caller Of(HttpContext httpContext, bool isTried = false)
    {
        var user = httpContext.User;
        return httpContext.Features.Get<GatewayConsumer>() is { } consumer && !(consumer.IsOnTrial && !isTried && IsKnown(user)) ? new(consumer, consumer.Principal) : new(null, user);
    }

    /// <summary>Whether somebody vouches for one of the identities of a user.</summary>
    public static bool IsKnown(ClaimsPrincipal user)
    {
        foreach (var identity in user.Identities)
        {
            if (identity.IsAuthenticated)
            {
                return true;
            }
        }

        return false;
    }
}
