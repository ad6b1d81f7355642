using System.Runtime.ExceptionServices;
using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Pipeline;

/// <summary>
/// The life of a request on a gateway route: one context, one walk down the chain, one answer. On endpoints of the host the
/// framework does the same around <see cref="HostPipeline"/>.
/// </summary>
internal sealed partial class PipelineRunner(PipelineOutcomes outcomes, TimeProvider time, ILogger<PipelineRunner> logger)
{
    /// <param name="chain">Filters of the host and the pipeline, down to the terminal.</param>
    /// <param name="pipeline">What the pipeline consists of.</param>
    public RequestDelegate Run(EndpointFilterDelegate chain, GatewayPipeline pipeline) =>
        httpContext => RunAsync(httpContext, chain, pipeline);

    private Task RunAsync(HttpContext httpContext, EndpointFilterDelegate chain, GatewayPipeline pipeline)
    {
        var context = new GatewayContext(httpContext, pipeline);
        GrpcCall.Note(context, time);
        if (pipeline.HasHostFilters)
        {
            httpContext.Features.Set(context);
            context.Passed = pipeline.HasOuterFilters ? GatewayContext.NotEntered : 0;
        }

        return AnswerAsync(context, chain);
    }

    // No await in a catch or finally, few locals: what lives across an await is allocated for each request (PipelineAllocations).
    private async Task AnswerAsync(GatewayContext context, EndpointFilterDelegate chain)
    {
        Exception? failure;
        try
        {
            var result = await chain(context).ConfigureAwait(false);
            result = await PipelineOutcomes.RecordAsync(context, result).ConfigureAwait(false);
            outcomes.Judge(context, result);
            await GatewayResults.ExecuteAsync(context.HttpContext, result).ConfigureAwait(false);
            failure = null;
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        await (failure is null ? EndAsync(context) : FailAsync(context, failure)).ConfigureAwait(false);
    }

    private async Task FailAsync(GatewayContext context, Exception exception)
    {
        try
        {
            var isAborted = context.HttpContext.RequestAborted.IsCancellationRequested;
            if (context.HttpContext.Response.HasStarted || isAborted)
            {
                // Too late for an answer. The server cuts the connection, and the record says why.
                PipelineOutcomes.Abandon(context, isAborted ? RejectionReason.ClientAborted : ReasonOf(exception));
                ExceptionDispatchInfo.Throw(exception);
            }

            await RefuseAsync(context, exception).ConfigureAwait(false);
        }
        finally
        {
            await EndAsync(context).ConfigureAwait(false);
        }
    }

    private async Task EndAsync(GatewayContext context)
    {
        context.LeaveRecord();
        if (context.PendingAnswer is { } pending)
        {
            await pending.DisposeAsync().ConfigureAwait(false);
        }

        outcomes.Complete(context);
    }

    private async Task RefuseAsync(GatewayContext context, Exception exception)
    {
        var problem = (GatewayProblem)(await PipelineOutcomes.RecordAsync(context, ProblemOf(exception, context.Pipeline)).ConfigureAwait(false))!;
        outcomes.Fail(context, problem);
        await problem.ExecuteAsync(context.HttpContext).ConfigureAwait(false);
    }

    // A body that cannot be read is the client's doing and keeps the server's status (C3).
    private GatewayProblem ProblemOf(Exception exception, GatewayPipeline pipeline)
    {
        if (exception is BadHttpRequestException bad)
        {
            return new(ReasonOf(exception)) { StatusCode = bad.StatusCode };
        }

        Log.Failed(logger, exception, pipeline.Endpoint.RouteId);
        return new(RejectionReason.FilterError);
    }

    private static RejectionReason ReasonOf(Exception exception) => exception switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => RejectionReason.BodyTooLarge,
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => RejectionReason.ClientTimeout,
        BadHttpRequestException => RejectionReason.MalformedBody,
        _ => RejectionReason.FilterError,
    };

    private static partial class Log
    {
        [LoggerMessage(EventIds.PipelineFailed, LogLevel.Error, "A filter on {Route} failed.")]
        public static partial void Failed(ILogger logger, Exception exception, string route);
    }
}
