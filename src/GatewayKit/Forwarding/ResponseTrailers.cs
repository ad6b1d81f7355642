using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Forwarding;

/// <summary>Copies the trailers of an answer to the client, after the body.</summary>
internal static class ResponseTrailers
{
    public static void Copy(Exchange exchange)
    {
        var response = exchange.HttpContext.Response;
        if (!response.SupportsTrailers())
        {
            return;
        }

        var transform = exchange.Context?.ForwardTransform;
        foreach (var (name, values) in exchange.Response!.TrailingHeaders.NonValidated)
        {
            if (!FieldKinds.IsForbiddenTrailer(name) && (transform is null || transform.KeepsResponseTrailer(name)))
            {
                response.AppendTrailer(name, ResponseHead.ToStringValues(values));
            }
        }

        if (transform is not null && exchange.HttpContext.Features.Get<IHttpResponseTrailersFeature>() is { } feature)
        {
            transform.TransformTrailers(exchange.HttpContext, feature.Trailers);
        }
    }
}
