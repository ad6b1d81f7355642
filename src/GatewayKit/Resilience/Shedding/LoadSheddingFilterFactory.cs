using GatewayKit.Lifecycle;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Shedding;

/// <summary>Refuses requests while the process has too much to do.</summary>
internal sealed class LoadSheddingFilterFactory(HostLoad load, PriorityOrder order) : GatewayFilterFactory<LoadSheddingPolicy>
{
    // All at once would connect anew at once, and handshakes are load.
    private const int ClosesOneOf = 10;

    private static readonly GatewayProblem Refusal = new(RejectionReason.Overloaded, retryAfter: TimeSpan.FromSeconds(1)) { Cause = OverloadCauses.LoadShed };

    private int _turn;

    protected override EndpointFilterDelegate Create(LoadSheddingPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        load.Start();
        var closes = policy.Mode is PolicyMode.Enforce;
        return context => load.Level is LoadLevel.Normal ? next(context) : Decide(GatewayContext.From(context), closes, next);
    }

    private ValueTask<object?> Decide(GatewayContext context, bool closes, EndpointFilterDelegate next)
    {
        if (closes && (uint)Interlocked.Increment(ref _turn) % ClosesOneOf == 0)
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
}
