using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Faults;

/// <summary>Injects faults in front of the rest of the pipeline, or tells the attempts at destinations to.</summary>
internal sealed class FaultFilterFactory(
    FaultStates states, FaultMetrics metrics, TimeProvider time, IOptions<GatewayOptions> options, IHostApplicationLifetime? lifetime = null)
    : GatewayFilterFactory<FaultPolicy>
{
    private readonly CancellationToken _stopping = lifetime?.ApplicationStopping ?? CancellationToken.None;

    protected override EndpointFilterDelegate Create(FaultPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var state = states.For(endpoint, policy);
        var pseudonym = options.Value.Pseudonym;
        var reason = ReasonOf(policy.Abort);
        return context =>
        {
            if (!state.Concerns(context.HttpContext))
            {
                return next(context);
            }

            var record = new FaultRecord(state, GatewayContext.From(context), metrics, pseudonym);
            if (policy.Position is FaultPosition.Destination)
            {
                context.HttpContext.Features.Set(record);
                context.HttpContext.Features.Set<IInjectedFaults>(record);
                return next(context);
            }

            return record is { Delays: false, Aborts: false, IsSlow: false } ? next(context) : InjectAsync(context, record, reason, next);
        };
    }

    private static RejectionReason ReasonOf(FaultAbort? abort) =>
        abort is { GrpcStatus: { } status } ? new(RejectionReason.FaultInjected.Code, abort.Status, RejectionReason.FaultInjected.Title) { GrpcStatus = status }
        : abort is not null ? new(RejectionReason.FaultInjected.Code, abort.Status, RejectionReason.FaultInjected.Title)
        : RejectionReason.FaultInjected;

    private async ValueTask<object?> InjectAsync(EndpointFilterInvocationContext context, FaultRecord record, RejectionReason reason, EndpointFilterDelegate next)
    {
        var (httpContext, policy) = (context.HttpContext, record.State.Policy);
        httpContext.Features.Set<IInjectedFaults>(record);
        if (record.Delays && record.TryInject(InjectedFaults.Delay))
        {
            // A host that stops has no time for games.
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, _stopping);
            await Task.Delay(policy.Delay!.Time, time, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (httpContext.RequestAborted.IsCancellationRequested)
            {
                return new GatewayProblem(RejectionReason.ClientAborted);
            }
        }

        if (record.Aborts && record.TryInject(InjectedFaults.Abort))
        {
            return policy.Abort!.Reset ? CutOff(GatewayContext.From(context), reason) : new GatewayProblem(reason);
        }

        var isSlow = record.IsSlow && record.TryInject(InjectedFaults.BodyRate);
        var result = await next(context).ConfigureAwait(false);
        // What MVC makes of an action it writes itself.
        return isSlow && result is not (null or GatewayProblem or IActionResult) ? new PacedResult(result, policy.BodyRate!.BytesPerSecond, time) : result;
    }

    // A stream ends with INTERNAL_ERROR (RFC 9113 §7, RFC 9114 §8.1), a connection of HTTP/1.1 without a byte.
    private static object CutOff(GatewayContext context, RejectionReason reason)
    {
        context.Reason = reason;
        context.HttpContext.Response.StatusCode = reason.Status;
        if (context.HttpContext.Features.Get<IHttpResetFeature>() is { } stream)
        {
            stream.Reset(HttpProtocol.IsHttp3(context.HttpContext.Request.Protocol) ? 0x102 : 0x2);
        }
        else
        {
            context.HttpContext.Abort();
        }

        return GatewayResults.Executed;
    }
}
