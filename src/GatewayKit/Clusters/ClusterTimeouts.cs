namespace GatewayKit.Clusters;

/// <summary>The clocks of one exchange. <see cref="Timeout.InfiniteTimeSpan"/> switches a clock off.</summary>
public sealed record ClusterTimeouts
{
    /// <summary>Name look-up, TCP and TLS of a new connection. Default 5 s.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a request waits when as many are at its destination as <see cref="ClusterHttp.MaxConnections"/> allows; then it is answered
    /// 503. As many may wait at once. For HTTP/1.1. Default 5 s.
    /// </summary>
    public TimeSpan PoolWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// From the request to the head of the answer, for one attempt; at most what is left of <see cref="Total"/>. Default 30 s, and 10 s where
    /// the cluster retries or hedges: an attempt that may last as long as the whole exchange leaves no time for another.
    /// </summary>
    public TimeSpan? Attempt { get; init; }

    /// <summary>How long no byte may move in either direction. Default 60 s.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long no byte may move in either direction of an upgraded connection, such as a WebSocket. Default 100 s.</summary>
    public TimeSpan Tunnel { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>
    /// The whole exchange, all attempts and the body, up to an upgrade. Default off, and 30 s where the cluster retries or hedges; that default does
    /// not cut streams, which are gRPC calls and answers of <c>text/event-stream</c>.
    /// </summary>
    public TimeSpan? Total { get; init; }

    /// <summary>The clocks that run.</summary>
    /// <param name="triesAgain">Whether there may be more than one attempt, so that one must leave time for another.</param>
    internal ClusterTimeouts InEffect(bool triesAgain) => this with
    {
        Attempt = Attempt ?? TimeSpan.FromSeconds(triesAgain ? 10 : 30),
        Total = Total ?? (triesAgain ? TimeSpan.FromSeconds(30) : Timeout.InfiniteTimeSpan),
    };
}
