using System.Diagnostics;
using System.Net.Http.Headers;
using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Forwarding;

/// <summary>
/// Copies the head of the client's request, in this order: what <c>Connection</c> names is dropped, then what concerns one connection,
/// then what only the gateway may say. Transforms run after that, the gateway's own fields come last: nothing a client sends can
/// remove or pre-set a field that the gateway writes.
/// </summary>
internal sealed class RequestHead(GatewayOptions options)
{
    // More than this many times through the same gateway is a circle (RFC 9110 §7.6.3).
    private const int MaxPasses = 8;

    private readonly string _via11 = $"1.1 {options.Pseudonym}";
    private readonly string _via2 = $"2.0 {options.Pseudonym}";
    private readonly string _via3 = $"3.0 {options.Pseudonym}";

    /// <summary>Copies what may pass.</summary>
    public ForwardError Copy(HttpContext httpContext, HttpRequestMessage message, Activity? span)
    {
        var headers = httpContext.Request.Headers;
        var connection = ConnectionOptions.Parse(headers.Connection);
        foreach (var nominated in connection.Nominated)
        {
            if (FieldKinds.IsProtected(nominated))
            {
                return ForwardError.HopByHopAbuse;
            }
        }

        var ownsBaggage = HopTrace.OwnsBaggage(span);
        foreach (var (name, values) in headers)
        {
            if (name.Length == 0 || name[0] is ':' || connection.Nominates(name))
            {
                continue;
            }

            var error = FieldKinds.OfRequest(name) switch
            {
                FieldKind.EndToEnd => CopyUnknown(message, name, values),
                FieldKind.Protected => Add(message, name, values),
                FieldKind.Content => AddToContent(message, name, values),
                FieldKind.Cookie => Add(message, name, values.Count > 1 ? JoinCrumbs(values) : values),
                FieldKind.Baggage => ownsBaggage ? ForwardError.None : Add(message, name, values),
                FieldKind.Via => CopyVia(message, values),
                FieldKind.Te => CopyTe(message, values),
                FieldKind.Expect => IsContinue(values) ? ForwardError.None : ForwardError.ExpectationFailed,
                FieldKind.HopByHop => IsMalformed(httpContext.Request, name) ? ForwardError.AmbiguousFraming : ForwardError.None,
                _ => ForwardError.None,
            };
            if (error is not ForwardError.None)
            {
                return error;
            }
        }

        return ForwardError.None;
    }

    /// <summary>Writes what the gateway itself says: who is asking, how the request came, and where it passed.</summary>
    public ForwardError Own(HttpContext httpContext, HttpRequestMessage message, ClusterState cluster, DestinationState destination, ForwardRequest? transformed, Activity? span)
    {
        var request = httpContext.Request;
        var headers = message.Headers;
        if (transformed is null or { WritesForwardedFields: true })
        {
            OwnForwarded(httpContext, headers, transformed);
        }

        headers.TryAddWithoutValidation("Via", ViaOf(request.Protocol));
        HopTrace.Write(httpContext, headers, span, options.StartTraces);
        return headers.Host is not null || TrySetHost(headers, destination.Destination.Host ?? (cluster.Cluster.HostHeader is HostHeader.Original ? RequestHost.Of(request) : null))
            ? ForwardError.None
            : ForwardError.HeaderName;
    }

    // The server lets more through than the handler takes for a host (C5).
    private static bool TrySetHost(HttpRequestHeaders headers, string? host)
    {
        try
        {
            headers.Host = host;
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static void OwnForwarded(HttpContext httpContext, HttpRequestHeaders headers, ForwardRequest? transformed)
    {
        if (transformed is not null)
        {
            headers.Remove(ForwardedNames.For);
            headers.Remove(ForwardedNames.Proto);
            headers.Remove(ForwardedNames.Host);
            headers.Remove(ForwardedNames.Prefix);
            headers.Remove("Forwarded");
        }

        var request = httpContext.Request;
        if (httpContext.Connection.RemoteIpAddress is { } address)
        {
            headers.TryAddWithoutValidation(ForwardedNames.For, PeerAddress.Plain(address).ToString());
        }

        headers.TryAddWithoutValidation(ForwardedNames.Proto, request.Scheme);
        if (RequestHost.Of(request) is { } host)
        {
            headers.TryAddWithoutValidation(ForwardedNames.Host, host);
        }

        var prefix = request.PathBase.HasValue ? CanonicalPath.Encode(request.PathBase.Value) + transformed?.RemovedPrefix : transformed?.RemovedPrefix;
        if (!string.IsNullOrEmpty(prefix))
        {
            headers.TryAddWithoutValidation(ForwardedNames.Prefix, prefix);
        }
    }

    private static ForwardError CopyUnknown(HttpRequestMessage message, string name, StringValues values)
    {
        if (name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase))
        {
            return ForwardError.None;
        }

        return FieldKinds.IsFolded(name) ? ForwardError.HeaderName : Add(message, name, values);
    }

    private static ForwardError Add(HttpRequestMessage message, string name, StringValues values)
    {
        var added = values.Count == 1
            ? message.Headers.TryAddWithoutValidation(name, values[0])
            : message.Headers.TryAddWithoutValidation(name, values.ToArray());

        // A name that the handler does not take would vanish without a word (E12).
        return added ? ForwardError.None : AddToContent(message, name, values);
    }

    private static ForwardError AddToContent(HttpRequestMessage message, string name, StringValues values)
    {
        var content = message.Content ??= new EmptyContent();
        return content.Headers.TryAddWithoutValidation(name, values.ToArray()) ? ForwardError.None : ForwardError.HeaderName;
    }

    private ForwardError CopyVia(HttpRequestMessage message, StringValues values)
    {
        var passes = 0;
        foreach (var line in values)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                var entry = line.AsSpan()[range].Trim();
                var name = entry[(entry.IndexOf(' ') + 1)..].TrimStart();
                var end = name.IndexOf(' ');
                passes += (end < 0 ? name : name[..end]).Equals(options.Pseudonym, StringComparison.OrdinalIgnoreCase) ? 1 : 0;
            }
        }

        return passes > MaxPasses ? ForwardError.LoopDetected : Add(message, "Via", values);
    }

    // `trailers` is the one value that may pass, and only where trailers can come back (RFC 9110 §10.1.4).
    private static ForwardError CopyTe(HttpRequestMessage message, StringValues values)
    {
        if (message.Version.Major >= 2 && values.ToString().Contains("trailers", StringComparison.OrdinalIgnoreCase))
        {
            message.Headers.TryAddWithoutValidation("TE", "trailers");
        }

        return ForwardError.None;
    }

    // HTTP/2 splits cookies for compression; HTTP/1.1 takes one line (RFC 9113 §8.2.3).
    private static StringValues JoinCrumbs(StringValues values) => string.Join("; ", values.ToArray());

    // A message of HTTP/2 and 3 has no fields of a connection; one that has them is malformed, and the server lets it through (RFC 9113 §8.2.2).
    private static bool IsMalformed(HttpRequest request, string name) =>
        (HttpProtocol.IsHttp2(request.Protocol) || HttpProtocol.IsHttp3(request.Protocol))
        && name.ToUpperInvariant() is ("TRANSFER-ENCODING" or "UPGRADE" or "KEEP-ALIVE" or "PROXY-CONNECTION");

    private static bool IsContinue(StringValues values) =>
        values.Count == 1 && string.Equals(values[0], "100-continue", StringComparison.OrdinalIgnoreCase);

    private string ViaOf(string protocol) =>
        HttpProtocol.IsHttp2(protocol) ? _via2 : HttpProtocol.IsHttp3(protocol) ? _via3 : _via11;

    private static class ForwardedNames
    {
        public const string For = "X-Forwarded-For";
        public const string Proto = "X-Forwarded-Proto";
        public const string Host = "X-Forwarded-Host";
        public const string Prefix = "X-Forwarded-Prefix";
    }
}
