using GatewayKit.Clusters.Balancing;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Clusters.Affinity;

/// <summary>Where the token of a session is, in requests and in answers. Immutable.</summary>
internal sealed class TokenField
{
    private readonly AffinityCookie? _cookie;
    private readonly string _name;
    private readonly string _attributes;

    private TokenField(AffinityCookie? cookie, string name)
    {
        (_cookie, _name, _attributes) = (cookie, name, string.Empty);
        if (cookie is not null)
        {
            var written = new SetCookieHeaderValue(name, string.Empty)
            {
                Path = cookie.Path,
                Domain = cookie.Domain,
                MaxAge = cookie.MaxAge,
                HttpOnly = true,
                SameSite = (Microsoft.Net.Http.Headers.SameSiteMode)cookie.SameSite,
            };
            _attributes = written.ToString()[(name.Length + 1)..];
        }
    }

    /// <summary>The name of the field of an answer.</summary>
    public string Name => _cookie is null ? _name : HeaderNames.SetCookie;

    public static TokenField Of(string clusterId, ClusterAffinity settings) => settings.Header is { } header
        ? new(null, header.Name)
        : new(settings.Cookie ?? new(), settings.Cookie?.Name ?? $"gk-session-{SipHash.Common.Hash(clusterId.ToUpperInvariant()).High >> 32:x8}");

    public bool TryRead(HttpContext httpContext, out ReadOnlySpan<char> text)
    {
        var headers = httpContext.Request.Headers;
        if (_cookie is not null)
        {
            var isFound = CookieField.TryFind(headers.Cookie, _name, out text);
            text = CookieField.Unquoted(text);
            return isFound;
        }

        text = headers[_name] is [{ } value] ? value : null;
        return !text.IsEmpty;
    }

    /// <summary>The value of the field of an answer.</summary>
    public string Write(HttpContext httpContext, string token)
    {
        if (_cookie is null)
        {
            return token;
        }

        var isSecure = _cookie.Secure is CookieSecurePolicy.Always || (_cookie.Secure is CookieSecurePolicy.SameAsRequest && httpContext.Request.IsHttps);
        return $"{_name}={token}{_attributes}{(isSecure ? "; secure" : string.Empty)}";
    }
}
