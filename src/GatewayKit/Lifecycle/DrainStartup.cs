using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Lifecycle;

/// <summary>
/// Stands in front of everything, so that clients of gateway routes, of the host's own endpoints and of neither leave alike while the host
/// drains. Before that it is one look at a flag.
/// </summary>
internal sealed class DrainStartup(DrainState drain, DrainMetrics metrics) : IStartupFilter
{
    private static readonly GatewayProblem Refusal = new(RejectionReason.Draining, retryAfter: DrainState.RetryAfter);

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(inner => context => drain.IsDraining ? DrainAsync(context, inner) : inner(context));
        next(app);
    };

    private Task DrainAsync(HttpContext context, RequestDelegate next)
    {
        LetGo(context);
        if (!drain.IsRefusing)
        {
            return next(context);
        }

        metrics.Refused();
        return Refusal.ExecuteAsync(context);
    }

    private static void LetGo(HttpContext context)
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
