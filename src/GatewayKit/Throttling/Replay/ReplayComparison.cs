using System.Text.Json;

namespace GatewayKit.Throttling.Replay;

/// <summary>What two configurations would have made of the same requests.</summary>
public sealed record ReplayComparison
{
    /// <summary>What the first one would.</summary>
    public required ReplayReport First { get; init; }

    /// <summary>What the second one would.</summary>
    public required ReplayReport Second { get; init; }

    /// <summary>All requests whose route both have.</summary>
    public required ReplayOutcomes Total { get; init; }

    /// <summary>The same by route.</summary>
    public required IReadOnlyList<ReplayRouteComparison> Routes { get; init; }

    /// <summary>Records that could not be compared, because only one of the two has their route.</summary>
    public long NotCompared { get; init; }

    /// <summary>The comparison as JSON, with names in camel case.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ReplayJson.Default.ReplayComparison);

    /// <summary>The comparison as a text for people.</summary>
    public override string ToString() => ReplayText.Of(this);
}

/// <summary>What two configurations would have made of the requests of one route.</summary>
/// <param name="Route">The id of the route.</param>
/// <param name="Outcomes">How often each pair of decisions came.</param>
public sealed record ReplayRouteComparison(string Route, ReplayOutcomes Outcomes);
