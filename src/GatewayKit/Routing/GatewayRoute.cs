using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;
using GatewayKit.Rollout;

namespace GatewayKit.Routing;

/// <summary>
/// What matches, and where it goes: to a cluster or several, a static answer or a redirect; exactly one of them. Immutable, with value equality.
/// </summary>
public sealed record GatewayRoute : IGatewayRouteIdentity
{
    /// <summary>The name of the route in logs, metrics and records; case is ignored.</summary>
    [Required]
    public required string Id { get; init; }

    /// <summary>Which requests the route takes.</summary>
    public required RouteMatch Match { get; init; }

    /// <summary>The id of the cluster the request is forwarded to.</summary>
    public string? Cluster { get; init; }

    /// <summary>The clusters that share the requests, such as a stable one and a canary.</summary>
    public RouteSplit? Split { get; init; }

    /// <summary>The answer the gateway gives itself.</summary>
    public StaticResponse? Respond { get; init; }

    /// <summary>Where the client is sent instead.</summary>
    public RouteRedirect? Redirect { get; init; }

    /// <summary>Of two routes that match, the one with the higher priority wins; at equal priority the more specific one. Default 0.</summary>
    public int Priority { get; init; }

    /// <summary>
    /// Whether <c>%2F</c> in the path passes: as data of its segment, in matching as for the destination, never as a slash. Only for a route
    /// to a cluster. Default no: such a path is answered 400 <c>ambiguous-path</c>, because many servers decode it into another path.
    /// </summary>
    public bool AllowEncodedSlash { get; init; }

    /// <summary>
    /// Whether <c>Expect: 100-continue</c> goes to the destination, so that it can refuse before the body is sent (RFC 9110 §10.1.1). The
    /// gateway waits for its word for 1 s. Only for a route to a cluster. Default no: the gateway answers 100 itself when it starts to send
    /// the body.
    /// </summary>
    public bool ForwardExpectation { get; init; }

    /// <summary>What the route asks of the gateway. In JSON each policy is a key of its own.</summary>
    public IReadOnlyList<IGatewayPolicy> Policies { get; init => field = ValueList<IGatewayPolicy>.From(value); } = ValueList<IGatewayPolicy>.Empty;

    /// <summary>Anything the host's own filters want to know of the route.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init => field = ValueMap<string>.From(value); } = ValueMap<string>.Empty;

    string IGatewayRouteIdentity.RouteId => Id;

    string? IGatewayRouteIdentity.ClusterId => Cluster ?? Split?.Stable;

    bool IGatewayRouteIdentity.AllowsEncodedSlash => AllowEncodedSlash;

    bool IGatewayRouteIdentity.IsForGrpc => IsForGrpc;

    // By what it matches: there is no second place to say it.
    internal bool IsForGrpc => Match is { Headers.Count: > 0 } && Match.Headers.Any(static header =>
        string.Equals(header.Name, "Content-Type", StringComparison.OrdinalIgnoreCase)
        && header.Mode is FieldMatchMode.Exact or FieldMatchMode.Prefix
        && header.Values.Count > 0
        && header.Values.All(GrpcCall.IsContentType));

    bool IGatewayRouteIdentity.ForwardsExpectation => ForwardExpectation;

    /// <summary>Whether it leads to clusters.</summary>
    internal bool IsForwarded => Cluster is not null || Split is not null;

    /// <summary>The ids of the clusters that it leads to.</summary>
    internal IEnumerable<string> ClusterIds => Cluster is not null ? [Cluster] : Split is { } split ? split.Canaries.Keys.Prepend(split.Stable) : [];

    string IGatewayRouteIdentity.Terminal => this switch
    {
        { Respond: { } response } => $"answer {response.Status}",
        { Redirect: { } redirect } => $"redirect {redirect.Status} {redirect.To}",
        { Split: { } split } => $"split {split.Stable}, {string.Join(", ", split.Canaries.Keys)}",
        _ => $"cluster {Cluster}",
    };
}
