using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Pipeline;

/// <summary>
/// Runs a policy so that it cannot hurt: it decides as ever, but its refusal, or its failure, is noted and set aside, and the request goes on.
/// </summary>
internal sealed partial class ShadowMode(PipelineMetrics metrics, ILogger<ShadowMode> logger)
{
    /// <param name="index">The policy's step in the pipeline.</param>
    /// <param name="pass">The rest of the pipeline.</param>
    /// <param name="create">Builds the policy's link in front of the rest that it is given.</param>
    public EndpointFilterDelegate Link(int index, EndpointFilterDelegate pass, Func<EndpointFilterDelegate, EndpointFilterDelegate> create)
    {
        EndpointFilterDelegate remember = async invocation =>
        {
            var answer = await pass(invocation).ConfigureAwait(false);
            GatewayContext.From(invocation).Shadow.AddAnswer(index, answer);
            return answer;
        };
        var link = create(remember);
        return ReferenceEquals(link, remember) ? pass : invocation => RunAsync(GatewayContext.From(invocation), index, link, pass);
    }

    private async ValueTask<object?> RunAsync(GatewayContext context, int index, EndpointFilterDelegate link, EndpointFilterDelegate pass)
    {
        object? result;
        try
        {
            result = await link(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (context.Passed <= index && !context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            Log.Failed(logger, exception, context.Pipeline.Steps[index].Name, context.Endpoint.RouteId);
            result = new GatewayProblem(RejectionReason.FilterError);
        }

        if (context.Passed <= index)
        {
            Note((result as GatewayProblem)?.Reason);
            await GatewayResults.DiscardAsync(result).ConfigureAwait(false);
            return await pass(context).ConfigureAwait(false);
        }

        // It let the request through and refused the answer.
        if (result is GatewayProblem problem && context.Shadow.TryGetAnswer(index, out var answer) && !ReferenceEquals(answer, result))
        {
            Note(problem.Reason);
            return answer;
        }

        return result;

        void Note(RejectionReason? reason)
        {
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
