using System.Collections.Frozen;
using System.Globalization;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Identity.Cors;

/// <summary>The fields of answers that a policy makes on one endpoint. Immutable.</summary>
internal sealed class CorsFields
{
    private const string AnyOrigin = "*";
    private const string AllowPrivateNetwork = "Access-Control-Allow-Private-Network";

    private readonly FrozenSet<string> _origins;
    private readonly string? _methods, _headers, _exposed, _maxAge;
    private readonly bool _allowsAny, _allowsCredentials;

    public CorsFields(GatewayCorsPolicy policy, GatewayEndpoint endpoint)
    {
        (_allowsAny, _allowsCredentials) = (policy.AllowsAnyOrigin, policy.AllowCredentials);
        _origins = policy.Origins.ToFrozenSet(StringComparer.Ordinal);
        _methods = policy.Methods.Count > 0 ? string.Join(", ", policy.Methods) : AllowedMethods.Of(endpoint.Metadata);
        _headers = policy.Headers.Count > 0 ? string.Join(", ", policy.Headers) : null;
        _exposed = policy.ExposedHeaders.Count > 0 ? string.Join(", ", policy.ExposedHeaders) : null;
        _maxAge = ((int)policy.MaxAge.TotalSeconds).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>What to answer about the origin of a request: itself, <c>*</c>, or nothing. One that is there twice is none.</summary>
    public string? OriginFor(HttpRequest request) =>
        _allowsAny ? AnyOrigin
        : request.Headers.Origin is [{ } origin] && _origins.TryGetValue(origin, out var listed) ? listed
        : null;

    /// <summary>Writes the fields in place of those that are there: two words on what a page may do are one too many, and a browser takes neither.</summary>
    public void Write(IHeaderDictionary headers, string? origin, bool isPreflight)
    {
        headers.AccessControlAllowOrigin = origin;
        headers.AccessControlAllowCredentials = origin is not null && _allowsCredentials ? "true" : default;
        headers.AccessControlExposeHeaders = origin is not null && !isPreflight ? _exposed : default;
        headers.AccessControlAllowMethods = origin is not null && isPreflight ? _methods : default;
        headers.AccessControlAllowHeaders = origin is not null && isPreflight ? _headers : default;
        headers.AccessControlMaxAge = origin is not null && isPreflight ? _maxAge : default;
        headers.Remove(AllowPrivateNetwork);
        if (!_allowsAny && !HasElement(headers, HeaderNames.Origin))
        {
            // Also where there is no origin: a cache would answer a page with it (fetch.spec.whatwg.org, "CORS protocol and HTTP caches").
            headers.Append(HeaderNames.Vary, HeaderNames.Origin);
        }
    }

    // Or the star, which stands for everything.
    private static bool HasElement(IHeaderDictionary headers, string name)
    {
        foreach (var line in headers.Vary)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                var element = line.AsSpan()[range].Trim();
                if (element is "*" || element.Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
