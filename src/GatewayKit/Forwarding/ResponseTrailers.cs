using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Forwarding;

/// <summary>Copies the trailers of an answer to the client, after the body.</summary>
internal static class ResponseTrailers
{
    public static void Copy(Exchange exchange)
    {
        if (exchange.HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is not { IsReadOnly: false } trailers)
        {
            return;
        }

        Copy(exchange, trailers);
    }

    public static void Copy(Exchange exchange, IHeaderDictionary trailers)
    {
        var transform = exchange.Context?.ForwardTransform;
        foreach (var (name, values) in exchange.Response!.TrailingHeaders.NonValidated)
        {
            if (FieldKinds.IsForbiddenTrailer(name))
            {
                exchange.Note(name, DroppedField.Trailer);
            }
            else if (transform is null || transform.KeepsResponseTrailer(name))
            {
                // Not AppendTrailer, which drops an empty value.
                trailers[name] = ResponseHead.ToStringValues(values);
            }
        }

        transform?.TransformTrailers(exchange.HttpContext, trailers);
    }
}
