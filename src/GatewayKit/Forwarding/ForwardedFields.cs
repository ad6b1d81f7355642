using System.Net;
using System.Net.Http.Headers;
using GatewayKit.Pipeline;

namespace GatewayKit.Forwarding;

/// <summary>Writes <c>X-Forwarded-*</c>: what the connection shows, behind what a trusted proxy says of those before it.</summary>
internal sealed class ForwardedFields(IReadOnlyList<IPNetwork> trusted)
{
    private static readonly ForwardedNames Names = ForwardedNames.Default;

    public void Write(Exchange exchange, HttpRequestHeaders headers, ForwardRequest? transformed)
    {
        if (transformed is not null)
        {
            headers.Remove(Names.For);
            headers.Remove(Names.Proto);
            headers.Remove(Names.Host);
            headers.Remove(Names.Prefix);
            headers.Remove("Forwarded");
        }

        var (request, connection) = (exchange.HttpContext.Request, exchange.HttpContext.Connection);
        var before = trusted.Count > 0 && ForwardedHops.IsTrusted(connection.RemoteIpAddress, trusted) ? Before(exchange) : default;
        Write(headers, Names.For, before.For, connection.RemoteIpAddress is { } address ? PeerAddress.Plain(address).ToString() : null);
        Write(headers, Names.Proto, before.Proto, request.Scheme);
        Write(headers, Names.Host, before.Host, RequestHost.Of(request));

        // What was removed from the front of the path, here and by the proxies before.
        var prefix = request.PathBase.HasValue ? CanonicalPath.Encode(request.PathBase.Value) + transformed?.RemovedPrefix : transformed?.RemovedPrefix;
        Write(headers, Names.Prefix, before.Prefix, prefix is "" ? null : prefix);
    }

    private ForwardedValues Before(Exchange exchange)
    {
        if (!ForwardedHops.TryRead(exchange.HttpContext.Request.Headers, Names, trusted, out var before))
        {
            exchange.Note(Names.For, DroppedField.Invalid);
        }

        return before;
    }

    private static void Write(HttpRequestHeaders headers, string name, string? before, string? own)
    {
        if ((before, own) is not (null, null))
        {
            headers.TryAddWithoutValidation(name, before is null ? own : own is null ? before : $"{before}, {own}");
        }
    }
}
