using GatewayKit.Identity.Signatures;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Identity.RequestSignatures;

/// <summary>A request of a client as its signature sees it: as it came, whatever middleware has made of it since.</summary>
internal sealed class IncomingMessage : ISignedMessage
{
    private readonly HttpRequest _request;

    public IncomingMessage(HttpContext httpContext)
    {
        _request = httpContext.Request;
        var target = TargetOf(httpContext).AsSpan();
        if (target is not ['/', ..] && target.IndexOf("://") is var scheme and >= 0)
        {
            // The whole address in place of the path (RFC 9112 §3.2.2).
            var rest = target[(scheme + 3)..];
            target = rest.IndexOfAny('/', '?') is var end and >= 0 ? rest[end..] : [];
        }

        var query = target.IndexOf('?');
        (Path, Query) = query < 0 ? (target.ToString(), string.Empty) : (target[..query].ToString(), target[query..].ToString());
    }

    public string Method => _request.Method;

    public string Scheme => _request.Scheme;

    public string? Authority => _request.Host.Value;

    public string Path { get; }

    public string Query { get; }

    public int? Status => null;

    public StringValues Field(string name) => _request.Headers[name];

    private static string TargetOf(HttpContext httpContext) =>
        httpContext.Features.Get<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } raw ? raw
            : httpContext.Request.PathBase.Add(httpContext.Request.Path).ToUriComponent() + httpContext.Request.QueryString;
}
