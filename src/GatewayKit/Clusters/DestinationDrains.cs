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

    private readonly Dictionary<DestinationUse, Pending> _pending = [];
    private readonly Lock _lock = new();
    private long _count;

    /// <summary>The limit of a destination of a cluster is over. Called on a timer's thread; must not throw.</summary>
    public event Action<string, DestinationState>? LimitReached;

    /// <summary>Somebody says that a destination is to drain.</summary>
    public void Begin(ClusterStates states, string clusterId, DestinationState destination, TimeSpan? limit = null) =>
        Begin(states, clusterId, destination, limit ?? options.Value.DestinationDrainLimit, hasLeft: false);

    /// <summary>A cluster has a destination no more. What was said of it before is over.</summary>
    public void Leave(ClusterStates states, string clusterId, DestinationState destination) =>
        Begin(states, clusterId, destination, options.Value.DestinationDrainLimit, hasLeft: true);

    /// <summary>A cluster has a destination again that had left. One that somebody drains goes on draining.</summary>
    public void Return(string clusterId, DestinationState destination)
    {
        if (destination.Use.HasLeft)
        {
            End(clusterId, destination);
        }
    }

    private void Begin(ClusterStates states, string clusterId, DestinationState destination, TimeSpan after, bool hasLeft)
    {
        lock (_lock)
        {
            destination.Use.Drain(hasLeft);
            Stop(destination.Use);
            var use = destination.Use;
            var timer = time.CreateDetachedTimer(_ => Reach(states, use), null, after, Timeout.InfiniteTimeSpan);
            _pending[use] = new(clusterId, destination, ++_count, timer);
        }

        Log.Began(logger, clusterId, destination.Id, after, destination.InFlight);
    }

    public void End(string clusterId, DestinationState destination)
    {
        lock (_lock)
        {
            Stop(destination.Use);
            if (!destination.IsDraining)
            {
                return;
            }

            destination.Use.Undrain();
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

    private void Stop(DestinationUse use)
    {
        if (_pending.Remove(use, out var pending))
        {
            pending.Timer.Dispose();
        }
    }

    private void Reach(ClusterStates states, DestinationUse use)
    {
        bool isFirst;
        int inFlight;
        Pending? own;
        lock (_lock)
        {
            if (!_pending.TryGetValue(use, out own))
            {
                return;
            }

            // One that came back is there as another state. If that one has left again since, its limit is the one that counts.
            var destination = own.Destination;
            var inUse = states.InForce.GetValueOrDefault(own.ClusterId)?.Destinations.Where(static known => !known.IsDraining).ToArray() ?? [];
            Pending[] others = [.. _pending.Values.Where(other => other != own && string.Equals(other.ClusterId, own.ClusterId, StringComparison.OrdinalIgnoreCase))];
            Pending[] same = [.. others.Where(other => other.Destination.IsSameAs(destination))];
            if (inUse.Any(destination.IsSameAs) || Array.Exists(same, other => other.Order > own.Order))
            {
                Await(own, use.InFlight);
                return;
            }

            // What it has from before it came back has the same limit, and the same connections.
            isFirst = use.EndDrain();
            Array.ForEach(same, static other => other.Destination.Use.EndDrain());
            inFlight = use.InFlight + same.Sum(static other => other.Destination.InFlight);

            // Which of its connections are in use only the handler knows: none is when nobody uses the address.
            if (Await(own, inFlight) && !inUse.Concat(others.Except(same).Select(static other => other.Destination)).Any(other => other.Origin == destination.Origin))
            {
                connections.Close(own.ClusterId, destination.Destination.Address);
            }
        }

        if (isFirst)
        {
            Log.Reached(logger, own.ClusterId, own.Destination.Id, inFlight);
            LimitReached?.Invoke(own.ClusterId, own.Destination);
        }
    }

    // Whether the last request is gone. If not, it is looked again.
    private bool Await(Pending pending, int inFlight)
    {
        if (inFlight > 0)
        {
            pending.Timer.Change(NextLook, Timeout.InfiniteTimeSpan);
            return false;
        }

        Stop(pending.Destination.Use);
        return true;
    }

    private sealed record Pending(string ClusterId, DestinationState Destination, long Order, ITimer Timer);

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
