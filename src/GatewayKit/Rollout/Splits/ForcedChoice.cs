using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Rollout.Splits;

/// <summary>Reads which side a client asks for, if it may, and removes the words of one that may not.</summary>
internal sealed class ForcedChoice(ForcedSide force, IReadOnlyList<string> sides)
{
    private const int None = -1;

    /// <param name="httpContext">The request.</param>
    /// <param name="side">The side, 0 for the stable cluster.</param>
    /// <returns>Whether the client has chosen.</returns>
    public bool TryRead(HttpContext httpContext, out int side)
    {
        side = None;
        var headers = httpContext.Request.Headers;
        var hasHeader = force.Header is { } header && headers.ContainsKey(header);
        var hasCookie = force.Cookie is { } cookie && CookieField.TryFind(headers.Cookie, cookie, out _);
        if (!hasHeader && !hasCookie)
        {
            return false;
        }

        if (!ForwardedHops.IsTrusted(httpContext.Connection.RemoteIpAddress, force.Networks))
        {
            Strip(headers, hasHeader, hasCookie);
            return false;
        }

        if (hasHeader)
        {
            side = SideOf(headers[force.Header!].ToString());
        }

        if (side is None && hasCookie && CookieField.TryFind(headers.Cookie, force.Cookie!, out var word))
        {
            side = SideOf(word);
        }

        return side is not None;
    }

    private void Strip(IHeaderDictionary headers, bool hasHeader, bool hasCookie)
    {
        if (hasHeader)
        {
            headers.Remove(force.Header!);
        }

        if (hasCookie)
        {
            headers.Cookie = CookieField.Without(headers.Cookie, force.Cookie!);
        }
    }

    private int SideOf(ReadOnlySpan<char> word)
    {
        // Which of several canaries has to be said.
        if (word.Equals("always", StringComparison.OrdinalIgnoreCase))
        {
            return sides.Count == 2 ? 1 : None;
        }

        if (word.Equals("never", StringComparison.OrdinalIgnoreCase))
        {
            return 0;
        }

        for (var i = 0; i < sides.Count; i++)
        {
            if (word.Equals(sides[i], StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return None;
    }
}
