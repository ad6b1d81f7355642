using System.Net;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>Makes a question of a request: of what a destination would get of it, so that both read the same, and of nothing that a client says in a proxy's place.</summary>
internal sealed class QuestionBuilder(ExternalAuthorizationPolicy policy, GatewayEndpoint endpoint, IReadOnlyList<IPNetwork> trustedProxies)
{
    private static readonly GatewayProblem Ambiguous = new(RejectionReason.AmbiguousPath);
    private static readonly GatewayProblem BadHost = new(RejectionReason.BadHost);
    private static readonly GatewayProblem BadValue = new(RejectionReason.HeaderValue);
    private static readonly GatewayProblem Doubled = new(RejectionReason.DuplicateCredential) { Cause = "twice" };

    private readonly string[] _fields = [.. policy.RequestHeaders];

    /// <summary>Whether a request has any of the fields that the service is shown.</summary>
    public bool HasAny(HttpRequest request)
    {
        foreach (var name in _fields)
        {
            if (request.Headers.ContainsKey(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>Why there is none, or <see langword="null"/>.</returns>
    public GatewayProblem? TryBuild(HttpContext httpContext, out AuthorizationQuestion question)
    {
        question = null!;
        var request = httpContext.Request;
        if (!RequestTarget.TryRead(httpContext, endpoint.AllowsEncodedSlash, out var target))
        {
            return Ambiguous;
        }

        if (!RequestHost.IsValid(request))
        {
            return BadHost;
        }

        var fields = new StringValues[_fields.Length];
        for (var i = 0; i < fields.Length; i++)
        {
            if (Find(request, _fields[i], out fields[i]) is { } problem)
            {
                return problem;
            }
        }

        var (client, scheme, host) = ClientOf(httpContext);
        question = new(
            HttpMethods.IsConnect(request.Method) && WebSocketHandshake.IsAsked(httpContext) ? HttpMethods.Get : request.Method,
            request.PathBase.HasValue ? CanonicalPath.Encode(request.PathBase.Value) + target.Path : target.Path,
            policy.SendQuery ? target.Query : string.Empty,
            host,
            scheme,
            client,
            fields);
        return null;
    }

    private static GatewayProblem? Find(HttpRequest request, string name, out StringValues values)
    {
        values = request.Headers[name];
        if (values.Count == 0)
        {
            return null;
        }

        // A destination does not get it either (RFC 9110 §7.6.1).
        if (IsNominated(request.Headers.Connection, name))
        {
            values = default;
            return null;
        }

        foreach (var value in values)
        {
            foreach (var c in value.AsSpan())
            {
                if (char.IsControl(c) && c is not '\t' && c < 0x80)
                {
                    return BadValue;
                }
            }
        }

        if (name.Equals("Cookie", StringComparison.OrdinalIgnoreCase))
        {
            // HTTP/2 splits cookies for compression; HTTP/1.1 takes one line (RFC 9113 §8.2.3).
            values = values.Count > 1 ? string.Join("; ", values.ToArray()) : values;
            return null;
        }

        return IsCredential(name) && CredentialRules.AreDoubled(name, values) ? Doubled : null;
    }

    private static bool IsCredential(string name) => name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) || name.Equals("X-Api-Key", StringComparison.OrdinalIgnoreCase);

    private static bool IsNominated(StringValues connection, string name)
    {
        foreach (var line in connection)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                if (line.AsSpan()[range].Trim(" \t").Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // Whom the connection is from, or, if that is a trusted proxy, whom it is for: the first of those that may be believed.
    private (IPAddress? Client, string Scheme, string? Host) ClientOf(HttpContext httpContext)
    {
        var (peer, request) = (httpContext.Connection.RemoteIpAddress, httpContext.Request);
        var (client, scheme, host) = (peer is null ? null : PeerAddress.Plain(peer), request.Scheme, RequestHost.Of(request));
        if (trustedProxies.Count == 0 || !ForwardedHops.IsTrusted(peer, trustedProxies) || !ForwardedHops.TryRead(request.Headers, ForwardedNames.Default, trustedProxies, out var before))
        {
            return (client, scheme, host);
        }

        return (
            before.For is { } node && ForwardedNodeText.TryRead(First(node), out var address) && address is not null ? PeerAddress.Plain(address) : client,
            before.Proto is { } proto ? First(proto) : scheme,
            before.Host is { } name ? First(name) : host);
    }

    private static string First(string list) => list.IndexOf(',', StringComparison.Ordinal) is var end and >= 0 ? list[..end] : list;
}
