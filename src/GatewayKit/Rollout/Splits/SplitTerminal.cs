using System.Runtime.CompilerServices;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Rollout.Splits;

/// <summary>The terminal of a route that leads to several clusters: chooses a side and runs its terminal.</summary>
internal sealed class SplitTerminal(RouteSplit split, SideChooser chooser, IReadOnlyList<SplitTerminal.Way> ways, SplitMetrics metrics, TimeProvider time)
{
    private readonly bool _fallsBack = split.OnUnavailable is UnavailableCanary.Fallback;

    public ValueTask<object?> RunAsync(EndpointFilterInvocationContext invocation)
    {
        var index = chooser.Choose(invocation.HttpContext, out var choice);
        if (split.Mode is PolicyMode.Shadow)
        {
            metrics.Sent(ways[index].Side, choice);
            return ways[0].Terminal(invocation);
        }

        // What can be seen before: nothing there takes requests.
        if (index != 0 && _fallsBack && ways[index].Cluster?.HasCandidate(default) is not true)
        {
            (index, choice) = (0, SideChoice.Fallback);
        }

        return ways[0].Traffic is not null ? RunWatchedAsync(invocation, index, choice) : Run(invocation, ref index, ref choice);
    }

    private ValueTask<object?> Run(EndpointFilterInvocationContext invocation, ref int index, ref SideChoice choice)
    {
        var way = ways[index];
        TellSide(invocation.HttpContext, way);
        var running = way.Terminal(invocation);
        if (index != 0 && _fallsBack && running.IsCompletedSuccessfully)
        {
            // Refused at once: nothing was sent anywhere.
            var result = running.Result;
            if (IsUnavailable(result))
            {
                (index, choice) = (0, SideChoice.Fallback);
                return Run(invocation, ref index, ref choice);
            }

            running = new(result);
        }

        metrics.Sent(way.Side, choice);
        return running;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<object?> RunWatchedAsync(EndpointFilterInvocationContext invocation, int index, SideChoice choice)
    {
        var start = time.GetTimestamp();
        var running = Run(invocation, ref index, ref choice);
        var result = await running.ConfigureAwait(false);

        // Callers that were sent here by hand or because the canary is gone are no sample of all.
        if (choice is SideChoice.Key or SideChoice.Draw && SideOutcome.TryRead(result, out var failed))
        {
            ways[index].Traffic!.Add(failed, time.GetElapsedTime(start));
        }

        return result;
    }

    private static bool IsUnavailable(object? result) =>
        result is GatewayProblem { Reason: var reason } && (ReferenceEquals(reason, RejectionReason.NoHealthyUpstream) || ReferenceEquals(reason, RejectionReason.CircuitOpen));

    private void TellSide(HttpContext httpContext, Way way)
    {
        if (split.ResponseHeader is { } header)
        {
            httpContext.Response.Headers[header] = way.Side.ClusterId;
        }
    }

    /// <summary>A side and the way there.</summary>
    /// <param name="Side">What is known of it.</param>
    /// <param name="Cluster">Its cluster; <see langword="null"/> if there is none, which the configuration does not allow.</param>
    /// <param name="Terminal">Sends a request there.</param>
    /// <param name="Traffic">What a guard goes by; <see langword="null"/> if there is none.</param>
    internal sealed record Way(SplitSide Side, ClusterState? Cluster, EndpointFilterDelegate Terminal, TrafficWindow? Traffic);
}
