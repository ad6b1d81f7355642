using System.Collections.Concurrent;
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

    private readonly ConcurrentDictionary<DestinationState, ITimer> _limits = new();
    private readonly Lock _lock = new();

    /// <summary>The limit of a destination is over. Called on a timer's thread; must not throw.</summary>
    public event Action<DestinationState>? LimitReached;

    public void Begin(ClusterStates states, string clusterId, DestinationState destination, TimeSpan? limit = null)
    {
        var after = limit ?? options.Value.DestinationDrainLimit;
        lock (_lock)
        {
            destination.Drain();
            Stop(destination);
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                var timer = time.CreateTimer(_ => Reach(states, clusterId, destination), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _limits[destination] = timer;
                timer.Change(after, Timeout.InfiniteTimeSpan);
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
            foreach (var destination in _limits.Keys)
            {
                Stop(destination);
            }
        }
    }

    // One that left the configuration and came back is another state with the same address: what is open to it may stay.
    private static bool IsBack(ClusterStates states, string clusterId, DestinationState destination) =>
        states.InForce.GetValueOrDefault(clusterId)?.Destinations.Any(known => !known.IsDraining && known.Destination.Address == destination.Destination.Address) is true;

    private void Stop(DestinationState destination)
    {
        if (_limits.TryRemove(destination, out var timer))
        {
            timer.Dispose();
        }
    }

    private void Reach(ClusterStates states, string clusterId, DestinationState destination)
    {
        bool isFirst;
        lock (_lock)
        {
            if (!_limits.TryGetValue(destination, out var timer))
            {
                return;
            }

            if (IsBack(states, clusterId, destination))
            {
                Stop(destination);
                return;
            }

            isFirst = destination.EndDrain();

            // Which of its connections are in use only the handler knows: none is when no request is.
            if (destination.InFlight == 0)
            {
                Stop(destination);
                connections.Close(clusterId, destination.Destination.Address);
            }
            else
            {
                timer.Change(NextLook, Timeout.InfiniteTimeSpan);
            }
        }

        if (isFirst)
        {
            Log.Reached(logger, clusterId, destination.Id, destination.InFlight);
            LimitReached?.Invoke(destination);
        }
    }

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
