using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
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
        Farewell.Say(context);
        if (!drain.IsRefusing)
        {
            return next(context);
        }

        metrics.Refused();
        return Refusal.ExecuteAsync(context);
    }
}
