using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Pipeline;

/// <summary>
/// The life of a request on a gateway route: one context, one walk down the chain, one answer. On endpoints of the host the
/// framework does the same around <see cref="HostPipeline"/>.
/// </summary>
internal sealed partial class PipelineRunner(PipelineOutcomes outcomes, ILogger<PipelineRunner> logger)
{
    /// <param name="chain">Filters of the host and the pipeline, down to the terminal.</param>
    /// <param name="pipeline">What the pipeline consists of.</param>
    public RequestDelegate Run(EndpointFilterDelegate chain, GatewayPipeline pipeline) =>
        httpContext => RunAsync(httpContext, chain, pipeline);

    private Task RunAsync(HttpContext httpContext, EndpointFilterDelegate chain, GatewayPipeline pipeline)
    {
        var context = new GatewayContext(httpContext, pipeline);
        if (pipeline.HasHostFilters)
        {
            httpContext.Features.Set(context);
            context.Passed = pipeline.HasOuterFilters ? GatewayContext.NotEntered : 0;
        }

        return AnswerAsync(context, chain);
    }

    // Few locals, one kind of awaiter besides the chain's: what lives across an await is allocated for each request (PipelineAllocations).
    private async Task AnswerAsync(GatewayContext context, EndpointFilterDelegate chain)
    {
        try
        {
            var result = await chain(context).ConfigureAwait(false);
            outcomes.Judge(context, result);
            await GatewayResults.ExecuteAsync(context.HttpContext, result).ConfigureAwait(false);
        }
        catch (Exception exception) when (!context.HttpContext.Response.HasStarted && !context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            await RefuseAsync(context, exception).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Too late for an answer. The server cuts the connection, and the record says why.
            PipelineOutcomes.Abandon(context, context.HttpContext.RequestAborted.IsCancellationRequested ? RejectionReason.ClientAborted : ReasonOf(exception));
            throw;
        }
        finally
        {
            if (context.PendingAnswer is { } pending)
            {
                await pending.DisposeAsync().AsTask().ConfigureAwait(false);
            }

            outcomes.Complete(context);
        }
    }

    private Task RefuseAsync(GatewayContext context, Exception exception)
    {
        var problem = ProblemOf(exception, context.Pipeline);
        outcomes.Fail(context, problem);
        return problem.ExecuteAsync(context.HttpContext);
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
