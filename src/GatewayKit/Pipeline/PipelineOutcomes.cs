using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Pipeline;

/// <summary>What came of each request, for those who want to know.</summary>
internal sealed partial class PipelineOutcomes(PipelineMetrics metrics, IEnumerable<IGatewayObserver> observers, ILogger<PipelineOutcomes> logger)
{
    private readonly IGatewayObserver[] _observers = [.. observers];

    /// <summary>Notes what the pipeline answered. The first call for a request counts: an Observe stage judges before it executes.</summary>
    public void Judge(GatewayContext context, object? result)
    {
        if (context.Concluded)
        {
            return;
        }

        context.Concluded = true;
        if (result is GatewayProblem problem)
        {
            context.Reason = problem.Reason;
            if (problem.Step is { } refusedAt)
            {
                context.RefusedAt = refusedAt;
                metrics.Decided(context, context.Pipeline.Steps[refusedAt], PolicyOutcome.Refused, problem.Reason, problem.Cause);
            }
            else if (context.EndedAt is { } step)
            {
                metrics.Decided(context, step, PolicyOutcome.Refused, problem.Reason, problem.Cause);
            }
        }
    }

    /// <summary>Sees to it that the request is recorded before its answer is written.</summary>
    /// <param name="context">The request.</param>
    /// <param name="result">What the pipeline answered.</param>
    /// <returns>What to write: the answer, or a refusal if it cannot be recorded.</returns>
    public static ValueTask<object?> RecordAsync(GatewayContext context, object? result) =>
        context.Record is { IsBegun: false } record ? RecordAsync(context, record, result) : new(result);

    /// <summary>Notes that the answer, whatever it was, could not be given.</summary>
    public void Fail(GatewayContext context, GatewayProblem problem)
    {
        if (context.Concluded)
        {
            context.Reason = problem.Reason;
        }

        Judge(context, problem);
    }

    /// <summary>Notes that something in front of an endpoint refused a request, so that its pipeline never ran. The answer is given.</summary>
    public void RefusedOutside(HttpContext httpContext, GatewayPipeline pipeline, string by, RejectionReason reason)
    {
        var context = new GatewayContext(httpContext, pipeline) { Reason = reason, Concluded = true, Passed = GatewayContext.NotEntered };
        metrics.Decided(context, by, PolicyOutcome.Refused, reason);
        CompleteWithResponse(context);
    }

    /// <summary>Notes why the request came to no answer, or to half of one. No policy decided that.</summary>
    public static void Abandon(GatewayContext context, RejectionReason reason)
    {
        context.Reason ??= reason;
        if (!context.HttpContext.Response.HasStarted)
        {
            context.HttpContext.Response.StatusCode = reason.Status;
        }
    }

    /// <summary>Tells the observers that the request is done. One that fails keeps the others from nothing, and the answer is given already.</summary>
    public void Complete(GatewayContext context)
    {
        foreach (var observer in _observers)
        {
            try
            {
                observer.RequestCompleted(context);
            }
            catch (Exception exception)
            {
                Log.ObserverFailed(logger, exception, observer.GetType(), context.Endpoint.RouteId);
            }
        }
    }

    /// <summary>
    /// Tells the observers when the response is done: on endpoints of the host the framework writes what the pipeline returned, and an
    /// exception handler of the host may write something else.
    /// </summary>
    public void CompleteWithResponse(GatewayContext context)
    {
        if (_observers.Length > 0)
        {
            context.HttpContext.Response.OnCompleted(
                static state =>
                {
                    var (outcomes, context) = ((PipelineOutcomes, GatewayContext))state;
                    outcomes.Complete(context);
                    return Task.CompletedTask;
                },
                (this, context));
        }
    }

    private static async ValueTask<object?> RecordAsync(GatewayContext context, IAccessRecord record, object? result)
    {
        if (await record.BeginAsync().ConfigureAwait(false))
        {
            return result;
        }

        await GatewayResults.DiscardAsync(result).ConfigureAwait(false);
        return context.RefuseUnrecorded();
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ObserverFailed, LogLevel.Error, "{Observer} failed on a request on {Route}.")]
        public static partial void ObserverFailed(ILogger logger, Exception exception, Type observer, string route);
    }
}
