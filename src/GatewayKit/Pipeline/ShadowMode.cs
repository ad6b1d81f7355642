using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Pipeline;

/// <summary>
/// Runs a policy so that it cannot hurt: it decides as ever, but its refusal, its other answer or its failure is noted and set aside, and the
/// request goes on.
/// </summary>
internal sealed partial class ShadowMode(PipelineMetrics metrics, ILogger<ShadowMode> logger)
{
    /// <param name="index">The policy's step in the pipeline.</param>
    /// <param name="pass">The rest of the pipeline.</param>
    /// <param name="create">Builds the policy's link in front of the rest that it is given.</param>
    public EndpointFilterDelegate Link(int index, EndpointFilterDelegate pass, Func<EndpointFilterDelegate, EndpointFilterDelegate> create)
    {
        EndpointFilterDelegate remember = invocation =>
        {
            var rest = RestAsync(invocation);
            GatewayContext.From(invocation).Shadow.SetRest(index, rest);
            return new(rest);
        };
        var link = create(remember);
        return ReferenceEquals(link, remember) ? pass : invocation => RunAsync(GatewayContext.From(invocation), index, link, pass);

        async Task<object?> RestAsync(EndpointFilterInvocationContext invocation) => await pass(invocation).ConfigureAwait(false);
    }

    private async ValueTask<object?> RunAsync(GatewayContext context, int index, EndpointFilterDelegate link, EndpointFilterDelegate pass)
    {
        object? result;
        try
        {
            result = await link(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (context.Shadow.RestOf(index) is not null || !context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            if (context.Shadow.RestOf(index) is not { IsCompleted: true, IsCompletedSuccessfully: false })
            {
                Log.Failed(logger, exception, context.Pipeline.Steps[index].Name, context.Endpoint.RouteId);
            }

            result = new GatewayProblem(RejectionReason.FilterError);
        }

        if (context.Shadow.RestOf(index) is { } rest)
        {
            // It let the request through. What the rest of the pipeline answers stands, whatever it made of it, and if it did not wait for it.
            var answer = await rest.ConfigureAwait(false);
            if (!ReferenceEquals(answer, result))
            {
                Note();
            }

            return answer;
        }

        Note();
        await GatewayResults.DiscardAsync(result).ConfigureAwait(false);
        return await pass(context).ConfigureAwait(false);

        void Note()
        {
            var reason = (result as GatewayProblem)?.Reason;
            context.Shadow.AddRefusal(index, reason);
            metrics.Decided(context, context.Pipeline.Steps[index], PolicyOutcome.WouldRefuse, reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ShadowPolicyFailed, LogLevel.Error, "{Policy}, in shadow mode, failed on {Route}. The request went on.")]
        public static partial void Failed(ILogger logger, Exception exception, string policy, string route);
    }
}
