using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Lifecycle;

/// <summary>Tells a client with its answer that its next request goes over another connection.</summary>
internal static class Farewell
{
    /// <summary>Says so. The response has not started; saying it twice is harmless.</summary>
    public static void Say(HttpContext context)
    {
        if (HttpProtocol.IsHttp2(context.Request.Protocol) || HttpProtocol.IsHttp3(context.Request.Protocol))
        {
            // GOAWAY: streams that are open go on, new ones open elsewhere (RFC 9113 §6.8, RFC 9114 §5.2).
            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
            return;
        }

        // Not on the connection itself: that would close idle ones now, under a request that may be on its way (RFC 9112 §9.6).
        context.Response.OnStarting(
            static state =>
            {
                var response = (HttpResponse)state;
                if (response.StatusCode != StatusCodes.Status101SwitchingProtocols)
                {
                    response.Headers.Connection = "close";
                }

                return Task.CompletedTask;
            },
            context.Response);
    }
}
