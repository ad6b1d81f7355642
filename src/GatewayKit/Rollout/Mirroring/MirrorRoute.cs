using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using GatewayKit.Rollout.Diffing;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>A mirror of one endpoint.</summary>
internal sealed class MirrorRoute(string routeId, MirrorPolicy policy, MirrorState state, Mirrors mirrors)
{
    private readonly AnswerComparison? _comparison = policy.Compare is { } compare ? new(compare) : null;

    public MirrorPolicy Policy => policy;

    public MirrorFields Fields { get; } = new(policy);

    public TimeProvider Time => mirrors.Time;

    /// <summary>Cancelled when the host begins to stop: a copy is nothing that anybody waits for.</summary>
    public CancellationToken Draining => mirrors.Draining;

    /// <summary>Takes a place for a copy.</summary>
    public bool TryEnter()
    {
        if (mirrors.Draining.IsCancellationRequested)
        {
            Skipped(MirrorSkip.Draining);
            return false;
        }

        if (!state.TryEnter(policy.MaxInFlight))
        {
            Skipped(MirrorSkip.Full);
            return false;
        }

        mirrors.Metrics.Active(routeId, 1);
        return true;
    }

    public void Leave()
    {
        state.Leave();
        mirrors.Metrics.Active(routeId, -1);
    }

    public ClusterState? FindCluster() => mirrors.FindCluster(policy.Cluster);

    public void Skipped(string reason) => mirrors.Metrics.Skipped(routeId, policy.Cluster, reason);

    public void Ended(string outcome) => mirrors.Metrics.Ended(routeId, policy.Cluster, outcome);

    /// <summary>Compares two answers and tells what came of it.</summary>
    public void Compare(MirrorPair pair, AnswerRecord? main, AnswerRecord? mirror, string? whyNot)
    {
        if (main is not null && mirror is not null)
        {
            mirrors.Metrics.Took(routeId, policy.Cluster, main.Elapsed, mirror.Elapsed);
        }

        var outcome = _comparison!.Compare(main, mirror, whyNot);
        mirrors.Metrics.Compared(routeId, policy.Cluster, outcome);
        if (outcome.Differences is { } differences && state.MaySample(policy.Compare!.SamplesPerMinute))
        {
            mirrors.Tell(new()
            {
                RouteId = routeId,
                ClusterId = policy.Cluster,
                Method = pair.Method,
                TraceId = pair.TraceId,
                Status = main!.Status,
                MirrorStatus = mirror!.Status,
                Differences = differences,
            });
        }
    }
}
