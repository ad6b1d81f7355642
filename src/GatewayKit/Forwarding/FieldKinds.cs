using System.Collections.Frozen;
using GatewayKit.Forwarding.Attempts;
using GatewayKit.Pipeline;

namespace GatewayKit.Forwarding;

/// <summary>The kinds by name.</summary>
internal static class FieldKinds
{
    private static readonly FrozenDictionary<string, FieldKind> Request = Build(
        (FieldKind.HopByHop, ["Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Authentication-Info", "Trailer",
            "Transfer-Encoding", "Upgrade", "HTTP2-Settings"]),

        // What destinations may take the gateway's word for, and what some frameworks take a client's word for.
        (FieldKind.Owned, ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Port",
            "X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded-Server", "X-Forwarded-By", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups",
            "X-Forwarded-Preferred-Username", "X-Forwarded-Access-Token", "X-Forwarded-Client-Cert", "X-Forwarded-Uri", "X-Forwarded-Method",
            "X-Forwarded-PathBase", "X-Forwarded-Path", "X-Forwarded", "Forwarded-For", "X-Original-For", "X-Original-Proto", "X-Original-Host",
            "X-Original-Prefix", "X-Original-URL", "X-Rewrite-URL", "X-Real-IP", "X-Client-IP", "True-Client-IP", "X-Cluster-Client-IP", "Client-Cert",
            "Client-Cert-Chain", "X-Client-Cert", "X-ARR-ClientCert", "X-SSL-Client-Cert", "X-SSL-Client-Verify", "X-SSL-Client-S-DN", "SSL-Client-Cert",
            "X-Remote-User", "Remote-User", "X-User", "X-Authenticated-User", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Content-Length"]),
        (FieldKind.Content, ["Allow", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Location", "Content-MD5", "Content-Range",
            "Content-Type", "Expires", "Last-Modified"]),
        (FieldKind.Credential, ["Authorization", "X-Api-Key"]),
        (FieldKind.ContentLength, ["Content-Length"]),
        (FieldKind.Host, ["Host"]),
        (FieldKind.Connection, ["Connection"]),
        (FieldKind.Te, ["TE"]),
        (FieldKind.Via, ["Via"]),
        (FieldKind.CdnLoop, ["CDN-Loop"]),
        (FieldKind.MaxForwards, ["Max-Forwards"]),
        (FieldKind.Expect, ["Expect"]),
        (FieldKind.Cookie, ["Cookie"]),
        (FieldKind.Trace, ["traceparent", "tracestate"]),
        (FieldKind.Baggage, ["baggage", "Request-Id", "Correlation-Context"]));

    private static readonly FrozenDictionary<string, FieldKind> Response = Build(
        (FieldKind.HopByHop, ["Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Authentication-Info", "TE", "Trailer",
            "Upgrade", "HTTP2-Settings",

            // Where else the destination can be reached is not for clients (RFC 7838), nor is what gateways tell each other about retries.
            "Alt-Svc", AttemptFields.Exhausted]),
        (FieldKind.Connection, ["Connection"]),
        (FieldKind.ContentLength, ["Content-Length"]),
        (FieldKind.TransferCoding, ["Transfer-Encoding"]),
        (FieldKind.Protected, ["Content-Type", "Content-Encoding", "Set-Cookie"]),
        (FieldKind.Limit, [.. LimitFields.Names]));

    private static readonly FrozenSet<string> MergedByReaders = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "Cache-Control", "Age", "Vary", "Date", "Location", "Retry-After", "WWW-Authenticate", "Pragma", "Warning");

    // Whole families: what is added to one tomorrow is no client's either.
    private static readonly string[] OwnedFamilies = ["X-Forwarded-", "X-GW-", "X-SSL-Client-", "X-Client-Cert-"];

    public static FieldKind OfRequest(string name) => Request.TryGetValue(name, out var kind) ? kind : IsOfOwnedFamily(name) ? FieldKind.Owned : FieldKind.EndToEnd;

    /// <summary>Whether the table names the field, so that it may be a tag of a metric.</summary>
    public static bool IsKnown(string name) => Request.ContainsKey(name) || Response.ContainsKey(name) || MergedByReaders.Contains(name);

    public static FieldKind OfResponse(string name) => Response.GetValueOrDefault(name);

    /// <summary>Whether removing the field would change what the request says or who it is from (RFC 9110 §7.6.1; CVE-2024-45410).</summary>
    public static bool IsProtected(string name) =>
        OfRequest(name) is FieldKind.Owned or FieldKind.Content or FieldKind.ContentLength or FieldKind.Protected or FieldKind.Credential
            or FieldKind.Host or FieldKind.Via or FieldKind.CdnLoop or FieldKind.MaxForwards or FieldKind.Cookie
        || string.Equals(name, "Transfer-Encoding", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Whether the name is another spelling of a field that counts: CGI-like servers read <c>_</c> and <c>.</c> as a hyphen
    /// (CVE-2026-39858).
    /// </summary>
    public static bool IsFolded(string name) =>
        name.AsSpan().IndexOfAny('_', '.') >= 0
        && name.Replace('_', '-').Replace('.', '-') is var folded
        && (IsProtected(folded) || OfRequest(folded) is FieldKind.HopByHop or FieldKind.Connection or FieldKind.Te);

    /// <summary>Whether a trailer may be merged by who gets it: framing, routing, credentials and caching may not (RFC 9110 §6.5.1).</summary>
    public static bool IsForbiddenTrailer(string name) =>
        OfResponse(name) is not FieldKind.EndToEnd || OfRequest(name) is not (FieldKind.EndToEnd or FieldKind.Trace or FieldKind.Baggage)
        || MergedByReaders.Contains(name);

    private static bool IsOfOwnedFamily(string name)
    {
        if (name.Length < 5 || (name[0] | 0x20) is not 'x' || name[1] is not '-')
        {
            return false;
        }

        foreach (var family in OwnedFamilies)
        {
            if (name.StartsWith(family, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static FrozenDictionary<string, FieldKind> Build(params ReadOnlySpan<(FieldKind Kind, string[] Names)> kinds)
    {
        var all = new Dictionary<string, FieldKind>(StringComparer.OrdinalIgnoreCase);
        foreach (var (kind, names) in kinds)
        {
            foreach (var name in names)
            {
                all.Add(name, kind);
            }
        }

        return all.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }
}
