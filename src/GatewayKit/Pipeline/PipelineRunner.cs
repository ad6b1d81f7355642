using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Pipeline;

/// <summary>
/// The life of a request on a gateway route: one context, one walk down the chain, one answer. On endpoints of the host the
/// framework does the same around <see cref="PipelineComposer.ComposeForHost"/>.
/// </summary>
internal sealed partial class PipelineRunner(PipelineComposer composer, ILogger<PipelineRunner> logger)
{
    /// <param name="chain">Filters of the host and the pipeline, down to the terminal.</param>
    /// <param name="pipeline">What the pipeline consists of.</param>
    public RequestDelegate Run(EndpointFilterDelegate chain, GatewayPipeline pipeline) =>
        httpContext => RunAsync(httpContext, chain, pipeline);

    private async Task RunAsync(HttpContext httpContext, EndpointFilterDelegate chain, GatewayPipeline pipeline)
    {
        var context = new GatewayContext(httpContext, pipeline);
        httpContext.Features.Set(context);
        try
        {
            object? result;
            try
            {
                result = await chain(context).ConfigureAwait(false);
            }
            catch (Exception exception) when (!httpContext.Response.HasStarted && !httpContext.RequestAborted.IsCancellationRequested)
            {
                Log.Failed(logger, exception, pipeline.Endpoint.RouteId);
                result = new GatewayProblem(RejectionReason.FilterError);
            }

            composer.Judge(context, result);
            await GatewayResults.ExecuteAsync(httpContext, result).ConfigureAwait(false);
        }
        finally
        {
            if (context.PendingAnswer is { } pending)
            {
                await pending.DisposeAsync().ConfigureAwait(false);
            }

            composer.Complete(context);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.PipelineFailed, LogLevel.Error, "A filter on {Route} failed.")]
        public static partial void Failed(ILogger logger, Exception exception, string route);
    }
}
