using GatewayKit.Lifecycle;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Shedding;

/// <summary>Refuses requests while the process has too much to do.</summary>
internal sealed class LoadSheddingFilterFactory(HostLoad load, ConnectionDraw isDrawn, PriorityOrder order) : GatewayFilterFactory<LoadSheddingPolicy>
{
    private static readonly GatewayProblem Refusal = new(RejectionReason.Overloaded, retryAfter: TimeSpan.FromSeconds(1)) { Cause = OverloadCauses.LoadShed };

    protected override EndpointFilterDelegate Create(LoadSheddingPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var watched = new Watched(load.Watch(), load);
        var closes = policy.Mode is PolicyMode.Enforce;
        return context => watched.Load.Level is LoadLevel.Normal ? next(context) : Decide(GatewayContext.From(context), closes, next);
    }

    private ValueTask<object?> Decide(GatewayContext context, bool closes, EndpointFilterDelegate next)
    {
        if (closes && isDrawn(context.HttpContext.Connection.Id, load.Spells))
        {
            Farewell.Say(context.HttpContext);
        }

        var isRefused = load.Level switch
        {
            LoadLevel.ShedLowest => order.IsLast(context.Priority),
            LoadLevel.ShedAllButHighest => !order.IsFirst(context.Priority),
            LoadLevel.ShedAll => true,
            _ => false,
        };
        return isRefused ? new(Refusal) : next(context);
    }

    // The filter holds the watch as long as it may run.
    private sealed record Watched(object Watch, HostLoad Load);
}
