using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.Clusters;

/// <summary>
/// The destinations that are draining, whether they left the configuration or somebody said so: each has until its limit, then whatever
/// would stay for ever is told to go.
/// </summary>
internal sealed partial class DestinationDrains(DestinationConnections connections, IOptions<GatewayOptions> options, TimeProvider time, ILogger<DestinationDrains> logger) : IDisposable
{
    // How long after the limit it is looked again whether the last request is gone.
    private static readonly TimeSpan NextLook = TimeSpan.FromSeconds(1);

    private readonly Dictionary<DestinationState, Pending> _pending = [];
    private readonly Lock _lock = new();
    private long _count;

    /// <summary>The limit of a destination of a cluster is over. Called on a timer's thread; must not throw.</summary>
    public event Action<string, DestinationState>? LimitReached;

    public void Begin(ClusterStates states, string clusterId, DestinationState destination, TimeSpan? limit = null)
    {
        var after = limit ?? options.Value.DestinationDrainLimit;
        lock (_lock)
        {
            destination.Drain();
            Stop(destination);
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                var timer = time.CreateTimer(_ => Reach(states, clusterId, destination), null, after, Timeout.InfiniteTimeSpan);
                _pending[destination] = new(clusterId, ++_count, timer);
            }
        }

        Log.Began(logger, clusterId, destination.Id, after, destination.InFlight);
    }

    public void End(string clusterId, DestinationState destination)
    {
        lock (_lock)
        {
            Stop(destination);
            if (!destination.IsDraining)
            {
                return;
            }

            destination.Undrain();
        }

        Log.Ended(logger, clusterId, destination.Id);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var pending in _pending.Values)
            {
                pending.Timer.Dispose();
            }

            _pending.Clear();
        }
    }

    private void Stop(DestinationState destination)
    {
        if (_pending.Remove(destination, out var pending))
        {
            pending.Timer.Dispose();
        }
    }

    private void Reach(ClusterStates states, string clusterId, DestinationState destination)
    {
        bool isFirst;
        lock (_lock)
        {
            if (!_pending.TryGetValue(destination, out var own))
            {
                return;
            }

            // One that came back is there as another state. If that one has left again since, its limit is the one that counts.
            var inUse = states.InForce.GetValueOrDefault(clusterId)?.Destinations.Where(static known => !known.IsDraining).ToArray() ?? [];
            if (inUse.Any(destination.IsSameAs) || Others(clusterId, destination).Any(other => other.Value.Order > own.Order && other.Key.IsSameAs(destination)))
            {
                Stop(destination);
                return;
            }

            isFirst = destination.EndDrain();
            if (destination.InFlight > 0)
            {
                own.Timer.Change(NextLook, Timeout.InfiniteTimeSpan);
            }
            else
            {
                Stop(destination);

                // Which of its connections are in use only the handler knows: none is when nobody uses the address.
                if (!inUse.Concat(Others(clusterId, destination).Select(static other => other.Key)).Any(other => other.Origin == destination.Origin))
                {
                    connections.Close(clusterId, destination.Destination.Address);
                }
            }
        }

        if (isFirst)
        {
            Log.Reached(logger, clusterId, destination.Id, destination.InFlight);
            LimitReached?.Invoke(clusterId, destination);
        }
    }

    private IEnumerable<KeyValuePair<DestinationState, Pending>> Others(string clusterId, DestinationState destination) =>
        _pending.Where(entry => entry.Key != destination && string.Equals(entry.Value.ClusterId, clusterId, StringComparison.OrdinalIgnoreCase));

    private sealed record Pending(string ClusterId, long Order, ITimer Timer);

    private static partial class Log
    {
        [LoggerMessage(EventIds.DestinationDrains, LogLevel.Information, "Destination {Destination} of cluster {Cluster} drains: no new requests, {InFlight} in flight, limit {Limit}.")]
        public static partial void Began(ILogger logger, string cluster, string destination, TimeSpan limit, int inFlight);

        [LoggerMessage(EventIds.DestinationDrainEnded, LogLevel.Information, "Destination {Destination} of cluster {Cluster} is in use again.")]
        public static partial void Ended(ILogger logger, string cluster, string destination);

        [LoggerMessage(EventIds.DestinationDrained, LogLevel.Information, "Destination {Destination} of cluster {Cluster} has reached its drain limit with {InFlight} in flight; WebSockets and event streams end now.")]
        public static partial void Reached(ILogger logger, string cluster, string destination, int inFlight);
    }
}
