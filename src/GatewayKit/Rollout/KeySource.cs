using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Rollout;

/// <summary>Finds the key of a request.</summary>
internal sealed class KeySource(RolloutKey key, string cookieName, KeyHash hash)
{
    private const int MaxHeaderLength = 256;

    /// <summary>Whether each request is drawn by itself.</summary>
    public bool IsPerRequest => ReferenceEquals(key, RolloutKey.None);

    /// <summary>Whether a request without a key can be given one.</summary>
    public bool IsIssued => key.IsCookie;

    /// <summary>Reads the key. The place where <see cref="RolloutKey.Consumer"/> will ask who is calling, once the gateway knows.</summary>
    /// <returns>Whether there is one.</returns>
    public bool TryHash(HttpContext httpContext, out ulong result)
    {
        if (key.IsCookie)
        {
            return TryHashCookie(httpContext.Request, out result);
        }

        if (key.HeaderName is { } header)
        {
            var values = httpContext.Request.Headers[header];
            var isKey = values is [{ Length: > 0 and <= MaxHeaderLength }];
            result = isKey ? hash.Of(values.ToString()) : 0;
            return isKey;
        }

        var address = ReferenceEquals(key, RolloutKey.ClientAddress) ? httpContext.Connection.RemoteIpAddress : null;
        result = address is null ? 0 : hash.Of(address);
        return address is not null;
    }

    /// <summary>The hash of an id that is being issued.</summary>
    public ulong Hash(string id) => hash.Of(id);

    private bool TryHashCookie(HttpRequest request, out ulong result)
    {
        var isKey = CookieField.TryFind(request.Headers.Cookie, cookieName, out var id) && IssuedId.Is(id);
        result = isKey ? hash.Of(id) : 0;
        return isKey;
    }
}
