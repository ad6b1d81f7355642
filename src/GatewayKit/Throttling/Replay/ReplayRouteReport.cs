using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Replay;

/// <summary>What became of the requests of one route.</summary>
public sealed record ReplayRouteReport
{
    /// <summary>The id of the route.</summary>
    public required string Route { get; init; }

    /// <summary>What became of its requests.</summary>
    public required ReplayCounts Counts { get; init; }

    /// <summary>Its limits, in the order in which they run.</summary>
    public required IReadOnlyList<ReplayPolicyReport> Policies { get; init; }

    /// <summary>Limits that records cannot answer for, and why.</summary>
    public required IReadOnlyList<string> NotReplayed { get; init; }
}

/// <summary>What one limit made of the requests of one route.</summary>
public sealed record ReplayPolicyReport
{
    /// <summary>The name the policy is registered under, such as <c>Throttle</c>.</summary>
    public required string Policy { get; init; }

    /// <summary>What clients know the limit by, such as <c>address</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its settings as they stand in JSON, without defaults.</summary>
    public required string Settings { get; init; }

    /// <summary>The mode it is configured with.</summary>
    public PolicyMode Mode { get; init; }

    /// <summary>Of how many of a hundred callers it refuses requests.</summary>
    public int EnforcePercent { get; init; }

    /// <summary>Requests that came to it: those that no limit before it refused.</summary>
    public long Seen { get; init; }

    /// <summary>Those that it let through, or would have.</summary>
    public long Allowed { get; init; }

    /// <summary>Those that it would have refused where it is in force.</summary>
    public long Refused { get; init; }

    /// <summary>Those that it would have refused where it runs in shadow.</summary>
    public long WouldRefuse { get; init; }

    /// <summary>Both by their reason.</summary>
    public required IReadOnlyList<ReplayReason> Reasons { get; init; }

    /// <summary>How it and its candidate decided; <see langword="null"/> if it has none.</summary>
    public ReplayOutcomes? Candidate { get; init; }

    /// <summary>How many partition keys had refusals, as far as they were told apart.</summary>
    public long RefusedKeys { get; init; }

    /// <summary>The keys with the most refusals, those first.</summary>
    public required IReadOnlyList<ReplayKeyReport> Keys { get; init; }

    /// <summary>How many refusals a key may have beyond those told, because there was no room to remember it: 0 up to 10,000 keys with refusals.</summary>
    public long KeysMayLack { get; init; }
}

/// <summary>Refusals for one reason.</summary>
/// <param name="Reason">The reason, such as <c>rate-limited</c>.</param>
/// <param name="Requests">How many.</param>
public sealed record ReplayReason(string Reason, long Requests);

/// <summary>Refusals of one partition key.</summary>
/// <param name="Key">The key in words, or its hash.</param>
/// <param name="Refusals">How many.</param>
/// <param name="First">When the first came.</param>
/// <param name="Last">When the last came.</param>
/// <param name="LongestRun">The most in a row, with no request of the key between them that passed.</param>
public sealed record ReplayKeyReport(string Key, long Refusals, DateTimeOffset First, DateTimeOffset Last, long LongestRun);

/// <summary>Two decisions on the same requests: how often each pair came.</summary>
/// <param name="BothAllow">Both let it through.</param>
/// <param name="OnlyFirstRefuses">The first refuses it, the second does not.</param>
/// <param name="OnlySecondRefuses">The second refuses it, the first does not.</param>
/// <param name="BothRefuse">Both refuse it.</param>
public readonly record struct ReplayOutcomes(long BothAllow, long OnlyFirstRefuses, long OnlySecondRefuses, long BothRefuse)
{
    internal ReplayOutcomes With(bool first, bool second) => (first, second) switch
    {
        (false, false) => this with { BothAllow = BothAllow + 1 },
        (true, false) => this with { OnlyFirstRefuses = OnlyFirstRefuses + 1 },
        (false, true) => this with { OnlySecondRefuses = OnlySecondRefuses + 1 },
        _ => this with { BothRefuse = BothRefuse + 1 },
    };
}
