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
        var remember = Remember(index, pass);
        var link = create(remember);
        return ReferenceEquals(link, remember) ? pass : invocation => RunAsync(GatewayContext.From(invocation), index, link, pass);
    }

    /// <summary>Puts a candidate around the live policy of its step, so that it decides on every request that gets there.</summary>
    /// <param name="index">The step in the pipeline.</param>
    /// <param name="live">The live policy with the rest of the pipeline.</param>
    /// <param name="create">Builds the candidate's link in front of what it is given.</param>
    public EndpointFilterDelegate Beside(int index, EndpointFilterDelegate live, Func<EndpointFilterDelegate, EndpointFilterDelegate> create)
    {
        var link = create(Remember(KeyOfCandidate(index), live));
        return invocation => CompareAsync(GatewayContext.From(invocation), index, link, live);
    }

    /// <summary>What stands for the candidate of a step in the record of a request, which knows the policy by its index.</summary>
    public static int KeyOfCandidate(int index) => ~index;

    private static EndpointFilterDelegate Remember(int key, EndpointFilterDelegate pass) => invocation =>
    {
        var rest = RestAsync(pass, invocation);
        GatewayContext.From(invocation).Shadow.SetRest(key, rest);
        return new(rest);
    };

    private static async Task<object?> RestAsync(EndpointFilterDelegate pass, EndpointFilterInvocationContext invocation) => await pass(invocation).ConfigureAwait(false);

    private async ValueTask<object?> RunAsync(GatewayContext context, int index, EndpointFilterDelegate link, EndpointFilterDelegate pass)
    {
        object? result;
        try
        {
            result = await link(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (context.Shadow.RestOf(index) is not null || !context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            result = Failed(context, index, exception);
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

    private async ValueTask<object?> CompareAsync(GatewayContext context, int index, EndpointFilterDelegate link, EndpointFilterDelegate live)
    {
        var key = KeyOfCandidate(index);
        object? result;
        try
        {
            result = await link(context).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            result = Failed(context, key, exception);
        }

        var rest = context.Shadow.RestOf(key);
        if (rest is null)
        {
            context.Shadow.AddRefusal(key, (result as GatewayProblem)?.Reason);
            await GatewayResults.DiscardAsync(result).ConfigureAwait(false);
        }

        var answering = rest ?? RestAsync(live, context);
        await ((Task)answering).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (rest is { IsCompletedSuccessfully: true } && !ReferenceEquals(await rest.ConfigureAwait(false), result))
        {
            context.Shadow.AddRefusal(key, (result as GatewayProblem)?.Reason);
        }

        var hasAnswered = answering.IsCompletedSuccessfully;
        var liveRefuses = LiveRefuses(context, index, hasAnswered ? await answering.ConfigureAwait(false) : null, hasAnswered);
        metrics.Compared(context, context.Pipeline.Steps[index], liveRefuses, context.Shadow.TryGetRefusal(key, out _));
        return await answering.ConfigureAwait(false);
    }

    // Where the live policy lets nobody wait, or fails by itself, nothing behind it was reached.
    private static bool LiveRefuses(GatewayContext context, int index, object? answer, bool hasAnswered) =>
        context.Shadow.TryGetRefusal(index, out _)
        || (hasAnswered
            ? answer is GatewayProblem problem && (problem.Step is { } step ? step == index : context.Passed <= index)
            : context.Passed <= index);

    private GatewayProblem Failed(GatewayContext context, int key, Exception exception)
    {
        var rest = context.Shadow.RestOf(key);
        if (rest is null ? !context.HttpContext.RequestAborted.IsCancellationRequested : rest is not { IsCompleted: true, IsCompletedSuccessfully: false })
        {
            if (key < 0)
            {
                Log.CandidateFailed(logger, exception, context.Pipeline.Steps[KeyOfCandidate(key)].Name, context.Endpoint.RouteId);
            }
            else
            {
                Log.Failed(logger, exception, context.Pipeline.Steps[key].Name, context.Endpoint.RouteId);
            }
        }

        return new(RejectionReason.FilterError);
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ShadowPolicyFailed, LogLevel.Error, "{Policy}, in shadow mode, failed on {Route}. The request went on.")]
        public static partial void Failed(ILogger logger, Exception exception, string policy, string route);

        [LoggerMessage(EventIds.CandidateFailed, LogLevel.Error, "The candidate of {Policy} failed on {Route}. The request went on.")]
        public static partial void CandidateFailed(ILogger logger, Exception exception, string policy, string route);
    }
}
