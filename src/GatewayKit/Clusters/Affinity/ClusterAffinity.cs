using GatewayKit.Pipeline;

namespace GatewayKit.Clusters.Affinity;

/// <summary>
/// Binds a client to the destination that answered it first, for services that keep sessions in memory. The token that says which is protected by
/// ASP.NET Core Data Protection, so the host calls <c>AddDataProtection()</c>, with keys that all instances share. Immutable, with value equality.
/// </summary>
public sealed record ClusterAffinity
{
    /// <summary>Off, watching, or in force. Default <see cref="PolicyMode.Enforce"/>. In shadow nothing is bound; sessions that have a token are counted.</summary>
    public PolicyMode Mode { get; init; } = PolicyMode.Enforce;

    /// <summary>The cookie that the token is in. Default: one as in <see cref="AffinityCookie"/>, unless there is a <see cref="Header"/>.</summary>
    public AffinityCookie? Cookie { get; init; }

    /// <summary>The header that the token is in, in place of a cookie: for clients that keep none.</summary>
    public AffinityHeader? Header { get; init; }

    /// <summary>What becomes of a session whose destination is gone or not available. Default <see cref="MissingDestination.Redistribute"/>.</summary>
    public MissingDestination OnMissing { get; init; }
}
