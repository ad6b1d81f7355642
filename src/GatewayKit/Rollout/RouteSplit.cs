using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Rollout;

/// <summary>
/// Sends a route to several clusters: a stable one, and canaries that take shares of its requests. The same caller stays on the same side, and
/// a share that is raised only adds callers. Immutable, with value equality.
/// </summary>
public sealed record RouteSplit
{
    /// <summary>The id of the cluster that takes what no canary takes.</summary>
    [Required]
    public required string Stable { get; init; }

    /// <summary>
    /// The canaries, 1 to 16, by the ids of their clusters; together at most 100 percent. Shares are filled from two ends in the order of the names,
    /// so that of two canaries neither moves callers of the other; of more, the last two do not.
    /// </summary>
    public required IReadOnlyDictionary<string, CanaryShare> Canaries { get; init => field = ValueMap<CanaryShare>.From(value); } = ValueMap<CanaryShare>.Empty;

    /// <summary>What keeps a caller on one side. Default <see cref="RolloutKey.Consumer"/>. Requests without a key go to the stable cluster.</summary>
    public RolloutKey Key { get; init; } = RolloutKey.Consumer;

    /// <summary>
    /// What the keys are mixed with. Default: the id of the route, so that not the same callers are canaries everywhere. Routes that are
    /// one product to its users name one salt: who is a canary on one of them is one on the others.
    /// </summary>
    public string? Salt { get; init; }

    /// <summary>The cookie that carries the key.</summary>
    public SplitCookie Cookie { get; init; } = new();

    /// <summary>Who may choose the side. Default <see langword="null"/>: nobody.</summary>
    public ForcedSide? Force { get; init; }

    /// <summary>What takes a canary back that does worse than the stable cluster. Default <see langword="null"/>: nothing does.</summary>
    public CanaryGuard? Guard { get; init; }

    /// <summary>What becomes of a canary's requests when no destination of it can take them. Default <see cref="UnavailableCanary.Fallback"/>.</summary>
    public UnavailableCanary OnUnavailable { get; init; }

    /// <summary>The header that tells the client the id of the cluster that answered. Default <see langword="null"/>: nobody is told.</summary>
    public string? ResponseHeader { get; init; }

    /// <summary>Default <see cref="PolicyMode.Enforce"/>. In <see cref="PolicyMode.Shadow"/> sides are drawn and counted, and the stable cluster takes all.</summary>
    public PolicyMode Mode { get; init; }

    /// <summary>A split between two clusters.</summary>
    /// <param name="stable">The cluster that takes the rest.</param>
    /// <param name="canary">The cluster that takes a share.</param>
    /// <param name="percent">Its share, 0 to 100.</param>
    public static RouteSplit Between(string stable, string canary, double percent) =>
        new() { Stable = stable, Canaries = new Dictionary<string, CanaryShare> { [canary] = new() { Percent = percent } } };
}

/// <summary>What becomes of requests for a canary that has no destination for them.</summary>
public enum UnavailableCanary
{
    /// <summary>The stable cluster takes them.</summary>
    Fallback,

    /// <summary>They are answered 503, as by any cluster.</summary>
    Fail,
}
