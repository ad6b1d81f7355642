using System.Buffers;
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
    // Line breaks and NUL would end the field or the message for somebody, the others are in no field (RFC 9110 §5.5). The server lets them through (C5).
    private static readonly SearchValues<char> ControlCharacters =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Append(0x7F).Select(static c => (char)c).Where(static c => c is not '\t')]);

    // As the handler counts (dotnet/runtime, Expect100ErrorSendThreshold).
    private const int SmallBodyBytes = 1_024;

    private readonly string _via10 = $"1.0 {options.Pseudonym}";
    private readonly string _via11 = $"1.1 {options.Pseudonym}";
    private readonly string _via2 = $"2.0 {options.Pseudonym}";
    private readonly string _via3 = $"3.0 {options.Pseudonym}";
    private readonly LoopGuard _loops = new(options.Pseudonym);
    private readonly ForwardedFields _forwarded = new(options.TrustedProxies);

    /// <summary>Copies what may pass.</summary>
    public ForwardError Copy(Exchange exchange, HttpRequestMessage message)
    {
        var request = exchange.HttpContext.Request;
        var connection = ConnectionOptions.Parse(request.Headers.Connection);
        foreach (var nominated in connection.Nominated)
        {
            if (FieldKinds.IsProtected(nominated))
            {
                return ForwardError.HopByHopAbuse;
            }
        }

        var ownsBaggage = HopTrace.OwnsBaggage(exchange.Span);
        foreach (var (name, values) in request.Headers)
        {
            if (name.Length == 0 || name[0] is ':')
            {
                continue;
            }

            if (connection.Nominates(name))
            {
                exchange.Note(name, DroppedField.Nominated);
                continue;
            }

            if (exchange.Context is { Withheld.Any: true } context && context.Withheld.Contains(name))
            {
                // Not noted for transforms: what was checked is nobody's business any more.
                continue;
            }

            var error = FieldKinds.OfRequest(name) switch
            {
                FieldKind.EndToEnd => CopyUnknown(exchange, message, name, values),
                FieldKind.Owned => Drop(exchange, name, DroppedField.Protected),
                FieldKind.Protected => Add(message, name, values),
                FieldKind.Credential => CredentialRules.AreDoubled(name, values) ? ForwardError.DuplicateCredential : Add(message, name, values),
                FieldKind.Content => AddToContent(message, name, values),
                FieldKind.Cookie => AddCookies(message, name, values, exchange.Context?.WithheldCookies),
                FieldKind.Baggage => ownsBaggage ? ForwardError.None : Add(message, name, values),
                FieldKind.Via => _loops.IsCircle(values) ? ForwardError.LoopDetected : Add(message, name, values),
                FieldKind.CdnLoop => _loops.IsCdnCircle(values) ? ForwardError.LoopDetected : Add(message, name, values),
                FieldKind.MaxForwards => Add(message, name, MaxForwards.Next(request, values)),
                FieldKind.Te => CopyTe(message, values),
                FieldKind.Expect => CopyExpectation(exchange, message, values),
                FieldKind.HopByHop => IsMalformed(request, name) ? ForwardError.AmbiguousFraming : ForwardError.None,
                _ => ForwardError.None,
            };
            if (error is not ForwardError.None)
            {
                return error;
            }
        }

        return ForwardError.None;
    }

    /// <summary>Hands what was copied to the transforms.</summary>
    public ForwardRequest Prepare(Exchange exchange, HttpRequestMessage message, RequestTarget target) =>
        new(exchange.HttpContext, message, target, exchange.Context is { Endpoint.AllowsEncodedSlash: true })
        {
            TrustedProxies = options.TrustedProxies,
            Dropped = exchange,
            IsLatin1 = options.RequestHeaderEncoding is HeaderEncoding.Latin1,
        };

    /// <summary>Writes what the gateway itself says: who is asking, how the request came, and where it passed.</summary>
    public ForwardError Own(Exchange exchange, HttpRequestMessage message, ForwardRequest? transformed)
    {
        var request = exchange.HttpContext.Request;
        var headers = message.Headers;
        if (transformed is null or { WritesForwardedFields: true })
        {
            _forwarded.Write(exchange, headers, transformed);
        }

        headers.TryAddWithoutValidation("Via", ViaOf(request.Protocol));
        HopTrace.Write(exchange.HttpContext, headers, exchange.Span, options.StartTraces);
        return headers.Host is not null || TrySetHost(headers, exchange.Destination.Destination.Host ?? (exchange.Cluster.Cluster.HostHeader is HostHeader.Original ? RequestHost.Of(request) : null))
            ? ForwardError.None
            : ForwardError.BadHost;
    }

    // The handler is stricter in places than what is checked here (C5).
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

    private ForwardError CopyUnknown(Exchange exchange, HttpRequestMessage message, string name, StringValues values)
    {
        if (!FieldKinds.IsFolded(name))
        {
            return Add(message, name, values);
        }

        return options.HeaderAliases is HeaderAliasAction.Drop ? Drop(exchange, name, DroppedField.Alias) : ForwardError.HeaderName;
    }

    private static ForwardError Drop(Exchange exchange, string name, DroppedField cause)
    {
        exchange.Note(name, cause);
        return ForwardError.None;
    }

    private static ForwardError Add(HttpRequestMessage message, string name, StringValues values)
    {
        if (HasControlCharacter(values))
        {
            return ForwardError.HeaderValue;
        }

        var added = values.Count == 1
            ? message.Headers.TryAddWithoutValidation(name, values[0])
            : message.Headers.TryAddWithoutValidation(name, values.ToArray());

        // A name that the handler does not take would vanish without a word (E12).
        return added ? ForwardError.None : AddToContent(message, name, values);
    }

    private static ForwardError AddToContent(HttpRequestMessage message, string name, StringValues values)
    {
        if (HasControlCharacter(values))
        {
            return ForwardError.HeaderValue;
        }

        var content = message.Content ??= new EmptyContent();
        return content.Headers.TryAddWithoutValidation(name, values.ToArray()) ? ForwardError.None : ForwardError.HeaderName;
    }

    private static bool HasControlCharacter(StringValues values)
    {
        foreach (var value in values)
        {
            if (value.AsSpan().ContainsAny(ControlCharacters))
            {
                return true;
            }
        }

        return false;
    }

    // `trailers` is the one value that may pass, and only where trailers can come back (RFC 9110 §10.1.4).
    private static ForwardError CopyTe(HttpRequestMessage message, StringValues values)
    {
        if (message.Version.Major >= 2 && TakesTrailers(values))
        {
            message.Headers.TryAddWithoutValidation("TE", "trailers");
        }

        return ForwardError.None;
    }

    /// <summary>Whether a <c>TE</c> says that the client takes trailers (RFC 9110 §10.1.4).</summary>
    public static bool TakesTrailers(StringValues values)
    {
        foreach (var line in values)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                if (line.AsSpan()[range].Trim(" \t").Equals("trailers", StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // Without a body there is nothing to wait with (RFC 9110 §10.1.1), and one this small the handler sends even after a refusal.
    private static ForwardError CopyExpectation(Exchange exchange, HttpRequestMessage message, StringValues values)
    {
        if (!IsContinue(values))
        {
            return ForwardError.ExpectationFailed;
        }

        if (exchange is { Context.Endpoint.ForwardsExpectation: true, Body: not null, HttpContext.Request.ContentLength: null or > SmallBodyBytes })
        {
            message.Headers.ExpectContinue = true;
        }

        return ForwardError.None;
    }

    private static ForwardError AddCookies(HttpRequestMessage message, string name, StringValues values, IReadOnlyList<string>? withheld)
    {
        if (withheld is not null)
        {
            values = CookieField.WithoutSignIns(values, withheld);
        }

        return values.Count == 0 ? ForwardError.None : Add(message, name, values.Count > 1 ? JoinCrumbs(values) : values);
    }

    // HTTP/2 splits cookies for compression; HTTP/1.1 takes one line (RFC 9113 §8.2.3).
    private static StringValues JoinCrumbs(StringValues values) => string.Join("; ", values.ToArray());

    // A message of HTTP/2 and 3 has no fields of a connection; one that has them is malformed, and the server lets it through (RFC 9113 §8.2.2).
    private static bool IsMalformed(HttpRequest request, string name) =>
        (HttpProtocol.IsHttp2(request.Protocol) || HttpProtocol.IsHttp3(request.Protocol))
        && name.ToUpperInvariant() is ("TRANSFER-ENCODING" or "UPGRADE" or "KEEP-ALIVE" or "PROXY-CONNECTION");

    private static bool IsContinue(StringValues values) =>
        values.Count == 1 && string.Equals(values[0], "100-continue", StringComparison.OrdinalIgnoreCase);

    // The version by which the request came (RFC 9110 §7.6.3).
    private string ViaOf(string protocol) =>
        HttpProtocol.IsHttp11(protocol) ? _via11 : HttpProtocol.IsHttp2(protocol) ? _via2 : HttpProtocol.IsHttp3(protocol) ? _via3 : _via10;
}
