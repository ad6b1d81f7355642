using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;

namespace GatewayKit.Clusters;

/// <summary>
/// How much of a cluster's work may be in flight at once, over all routes that lead there, so that a cluster that hangs holds only its share of the
/// gateway. More is answered 503 <c>overloaded</c> with <c>Retry-After</c>. A request counts once, however often it is tried, until its answer is written.
/// </summary>
public sealed record ClusterLimits
{
    /// <summary>
    /// How many requests may be in flight, 1 to 1,000,000. Default 2,048: as many as one destination over HTTP/1.1 connects and lets wait at the
    /// default of <see cref="ClusterHttp.MaxConnections"/>.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxInFlight { get; init; } = 2_048;

    /// <summary>How many more may wait for a place, 0 to 1,000,000. Default: a tenth of the places that there are, at least 8.</summary>
    [Range(0, 1_000_000)]
    public int? Queue { get; init; }

    /// <summary>How long one waits, at most until its deadline: more than zero, at most a minute. Default 100 ms, enough for a burst.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How many streams may be open besides, 1 to 1,000,000: WebSockets, gRPC calls, and answers of <c>text/event-stream</c>, which are requests until their head
    /// is there. Streams do not wait. Default 10,000.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxStreams { get; init; } = 10_000;

    /// <summary>
    /// How many attempts, streams among them, may be at one destination, 1 to 1,000,000; as many more wait as they do for a
    /// connection (<see cref="ClusterTimeouts.PoolWait"/>), also over HTTP/2 and 3. Default: no such limit beyond <see cref="ClusterHttp.MaxConnections"/>.
    /// </summary>
    [Range(1, 1_000_000)]
    public int? MaxInFlightPerDestination { get; init; }

    /// <summary>Whether what is too much is refused, only told, or not looked at. In shadow those are counted who would have been let in or waited, and nobody waits. It does not concern <see cref="MaxInFlightPerDestination"/>.</summary>
    public PolicyMode Mode { get; init; }

    /// <summary>
    /// Lets the number of places follow what the destinations can do, up to <see cref="MaxInFlight"/>. Default <see langword="null"/>: the number is fixed.
    /// </summary>
    public AdaptiveLimit? Adaptive { get; init; }

    /// <summary>
    /// Lets classes of requests share the places, so that those that matter less give way first. Default <see langword="null"/>: all are alike.
    /// </summary>
    public PriorityShares? Priorities { get; init; }
}
