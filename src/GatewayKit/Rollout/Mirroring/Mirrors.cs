using GatewayKit.Clusters;
using GatewayKit.Diagnostics;
using GatewayKit.Lifecycle;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>What all mirrors have in common, and the state of each route, which outlives its endpoints.</summary>
internal sealed partial class Mirrors(
    ClusterStates clusters, DrainState drain, MirrorMetrics metrics, IEnumerable<IMirrorSink> sinks, TimeProvider time, ILogger<Mirrors> logger)
{
    private readonly IMirrorSink[] _sinks = [.. sinks];
    private readonly WeakMap<string, MirrorState> _states = new(StringComparer.OrdinalIgnoreCase);

    public TimeProvider Time => time;

    public MirrorMetrics Metrics => metrics;

    public CancellationToken Draining => drain.Draining;

    public MirrorRoute For(GatewayEndpoint endpoint, MirrorPolicy policy) => new(endpoint.RouteId, policy, _states.GetOrAdd(endpoint.StateKey, () => new(time)), this);

    public ClusterState? FindCluster(string id) => clusters.InForce.GetValueOrDefault(id);

    public void Tell(MirrorDifference difference)
    {
        foreach (var sink in _sinks)
        {
            try
            {
                sink.Differs(difference);
            }
            catch (Exception exception)
            {
                Log.SinkFailed(logger, exception, sink.GetType(), difference.RouteId);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.MirrorSinkFailed, LogLevel.Error, "{Sink} failed on a difference of {Route}.")]
        public static partial void SinkFailed(ILogger logger, Exception exception, Type sink, string route);
    }
}
