using System.Net;

namespace GatewayKit.Rollout;

/// <summary>
/// Lets chosen clients choose the side: <c>always</c> is the canary if there is one, <c>never</c> the stable cluster, and the id of a cluster of the
/// split is that cluster. From all others the words are removed before the request is forwarded.
/// </summary>
public sealed record ForcedSide
{
    /// <summary>The header that says it, such as <c>X-Canary</c>. Default <see langword="null"/>: no header does.</summary>
    public string? Header { get; init; }

    /// <summary>The cookie that says it, if no header does. Default <see langword="null"/>: no cookie does.</summary>
    public string? Cookie { get; init; }

    /// <summary>
    /// The networks of the clients that are obeyed, by the address of the connection. Behind a proxy set up forwarded headers, or the network of the
    /// proxy is everybody.
    /// </summary>
    public required IReadOnlyList<IPNetwork> Networks { get; init => field = ValueList<IPNetwork>.From(value); } = ValueList<IPNetwork>.Empty;
}
