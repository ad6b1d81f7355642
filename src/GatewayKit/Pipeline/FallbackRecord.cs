namespace GatewayKit.Pipeline;

/// <summary>That something else than the terminal of an endpoint answered a request.</summary>
/// <param name="Kind">What did: <c>cluster</c>, <c>answer</c>, <c>endpoint</c> or <c>handler</c>.</param>
/// <param name="Cause">Why: a reason code, <c>status-503</c> or <c>exception</c>.</param>
public sealed record FallbackRecord(string Kind, string Cause)
{
    /// <summary>The kind of what a destination of another cluster answered.</summary>
    internal const string Cluster = "cluster";
}
