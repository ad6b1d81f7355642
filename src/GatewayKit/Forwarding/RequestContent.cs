using GatewayKit.Forwarding.Attempts;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace GatewayKit.Forwarding;

/// <summary>Gives a message the content that its request has: the client's body, an empty one, or none.</summary>
internal static class RequestContent
{
    public static void Add(Exchange exchange, HttpRequestMessage message, ReplayBuffer? replay)
    {
        var httpContext = exchange.HttpContext;
        if (exchange.Upgrade is not null)
        {
            return;
        }

        if (BodyDetection.MayHaveBody(httpContext))
        {
            RefuseWhatIsGone(exchange);
            LiftLimits(exchange);
            message.Content = exchange.Body = new RequestBody(httpContext, exchange.Clock, replay ?? ReplayBuffer.Of(exchange.Context), exchange.Context?.Record?.RequestBody);
            if (exchange.Context is null)
            {
                httpContext.Features.Set(exchange.Body);
            }
        }
        else if (!Idempotency.Is(httpContext.Request.Method))
        {
            message.Content = new EmptyContent();
        }
    }

    // A filter or an endpoint that forwards a request twice: the second destination would take what is left of its body, or nothing, for the whole.
    private static void RefuseWhatIsGone(Exchange exchange)
    {
        if (exchange.Context is { } context ? context.HasLostBody : exchange.HttpContext.Features.Get<RequestBody>() is { CanBeSentAgain: false })
        {
            throw new InvalidOperationException("The body of this request has been forwarded before and is gone. Forward a request with a body once, or answer it otherwise.");
        }
    }

    // Streams of gRPC live for hours, idle and in sum larger than any upload. The idle clock takes the place of the server's data rate (C4).
    // The size is lifted where the route is for gRPC, not wherever a client says that it is; one that was set for the endpoint stays.
    private static void LiftLimits(Exchange exchange)
    {
        var httpContext = exchange.HttpContext;
        if (!GrpcCall.Is(httpContext.Request))
        {
            return;
        }

        if (httpContext.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        if (exchange.Context is { Endpoint.IsForGrpc: true }
            && httpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size && httpContext.GetEndpoint()?.Metadata.GetMetadata<IRequestSizeLimitMetadata>() is null)
        {
            size.MaxRequestBodySize = null;
        }
    }
}
