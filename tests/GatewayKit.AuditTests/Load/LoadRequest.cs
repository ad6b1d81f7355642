namespace GatewayKit.AuditTests.Load;

/// <summary>What the next request of a run is: made from a seed, so that a run can be had again.</summary>
internal static class LoadRequest
{
    private static readonly string[] Faults = [.. UpstreamScripts.Faults.Keys];

    private static readonly (LoadKind Kind, int Weight)[] Weights =
    [
        (LoadKind.Get, 440), (LoadKind.Post, 130), (LoadKind.Chunked, 80), (LoadKind.Http2, 140), (LoadKind.Events, 15), (LoadKind.Socket, 15), (LoadKind.Denied, 25), (LoadKind.Throttled, 25),
        (LoadKind.Unmatched, 15), (LoadKind.Stopped, 10), (LoadKind.Host, 25), (LoadKind.Malformed, 10), (LoadKind.Fault, 50), (LoadKind.Abort, 20),
    ];

    private static readonly int Sum = Weights.Sum(static one => one.Weight);

    public static LoadKind Kind(Random random)
    {
        var at = random.Next(Sum);
        foreach (var (kind, weight) in Weights)
        {
            if ((at -= weight) < 0)
            {
                return kind;
            }
        }

        return LoadKind.Get;
    }

    /// <summary>Most are small, some are not.</summary>
    public static int Size(Random random) => random.Next(20) switch { 0 => random.Next(Body.Largest), < 6 => random.Next(4_096), _ => random.Next(200) };

    /// <summary>What a destination does wrong, and the path of a cluster where it can; without a script the destination itself cannot be reached.</summary>
    public static (string Path, string? Script) Fault(Random random)
    {
        var at = random.Next(Faults.Length + 4);
        return at < Faults.Length ? ("faulty", Faults[at]) : (((string[])["refused", "unresolved", "tls", "hole"])[at - Faults.Length], null);
    }
}

internal enum LoadKind
{
    Get,
    Post,
    Chunked,
    Http2,
    Events,
    Socket,
    Denied,
    Throttled,
    Unmatched,
    Stopped,
    Host,
    Malformed,
    Fault,
    Abort,
}

/// <summary>Where a client goes away.</summary>
internal enum AbortAt
{
    InHead,
    AfterHead,
    InBody,
    InChunk,
    InQueue,
    Connecting,
    Waiting,
    RetryDelay,
    AfterAnswerHead,
    InAnswer,
    InEvents,
    InSocket,
    Http2Stream,
    AfterAnswer,
}
