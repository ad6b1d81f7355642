using System.Text.Json;

namespace GatewayKit.Throttling.Replay;

/// <summary>What limits would have made of recorded requests. There is no closed loop in it: clients that are refused come again or slow down, and records do neither.</summary>
public sealed record ReplayReport
{
    /// <summary>What became of all requests whose route is known.</summary>
    public required ReplayCounts Total { get; init; }

    /// <summary>When the first of them came; <see langword="null"/> if there was none.</summary>
    public DateTimeOffset? First { get; init; }

    /// <summary>When the last of them came.</summary>
    public DateTimeOffset? Last { get; init; }

    /// <summary>Lines that were no record, if the records came from an <see cref="AccessLog"/>; with several logs, of all.</summary>
    public long MalformedLines { get; init; }

    /// <summary>Records that came later than disorder is put right. They counted as if they had come when they were read.</summary>
    public long Late { get; init; }

    /// <summary>Records that were left out because they are more than ten years before or after one that came earlier in the log.</summary>
    public long OutOfRange { get; init; }

    /// <summary>Records that were left out because a limit had refused them, if that was asked for.</summary>
    public long LeftOut { get; init; }

    /// <summary>Requests that ended at once because too many were in flight for a place in memory.</summary>
    public long CutShort { get; init; }

    /// <summary>Routes that records name and the configuration does not have, with the number of records; at most 100. Without a route: <c>(none)</c>.</summary>
    public required IReadOnlyList<ReplayUnknownRoute> UnknownRoutes { get; init; }

    /// <summary>The routes that were asked for, by their id.</summary>
    public required IReadOnlyList<ReplayRouteReport> Routes { get; init; }

    /// <summary>How long each of <see cref="Buckets"/> is: the shortest of 1 s, 10 s, 1 min, 10 min, 1 h, 1 day, 2 days and so on with which there are at most 200.</summary>
    public TimeSpan BucketWidth { get; init; }

    /// <summary>The same counts over time, without those spans in which no request came.</summary>
    public required IReadOnlyList<ReplayBucket> Buckets { get; init; }

    /// <summary>The report as JSON, with names in camel case.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ReplayJson.Default.ReplayReport);

    /// <summary>The report as a text for people.</summary>
    public override string ToString() => ReplayText.Of(this);
}

/// <summary>What became of requests.</summary>
/// <param name="Requests">All of them.</param>
/// <param name="Refused">Those that would have been refused.</param>
/// <param name="WouldRefuse">Those of the others that a policy in shadow mode would have refused.</param>
/// <param name="RefusedThen">Those that a limit refused when they were recorded.</param>
public readonly record struct ReplayCounts(long Requests, long Refused, long WouldRefuse, long RefusedThen)
{
    /// <summary>Those that would have passed.</summary>
    public long Allowed => Requests - Refused;

    internal ReplayCounts With(ReplayOutcome outcome, bool wasRefused) => new(
        Requests + 1,
        Refused + (outcome is ReplayOutcome.Refused ? 1 : 0),
        WouldRefuse + (outcome is ReplayOutcome.WouldRefuse ? 1 : 0),
        RefusedThen + (wasRefused ? 1 : 0));

    internal ReplayCounts Plus(ReplayCounts other) =>
        new(Requests + other.Requests, Refused + other.Refused, WouldRefuse + other.WouldRefuse, RefusedThen + other.RefusedThen);
}

/// <summary>Requests in one span of time.</summary>
/// <param name="Start">When it begins.</param>
/// <param name="Counts">What became of those that came in it.</param>
public sealed record ReplayBucket(DateTimeOffset Start, ReplayCounts Counts);

/// <summary>A route that the configuration does not have.</summary>
/// <param name="Route">Its id.</param>
/// <param name="Records">How many records name it.</param>
public sealed record ReplayUnknownRoute(string Route, long Records);
