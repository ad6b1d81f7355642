namespace GatewayKit.Rollout;

/// <summary>
/// The cookie that keeps a browser on its side: a random id that says nothing. <c>HttpOnly</c>, <c>SameSite=Lax</c>, for all paths, and <c>Secure</c> when
/// the request came by https.
/// </summary>
public sealed record SplitCookie
{
    internal const string DefaultName = ".GatewayKit.Rollout";

    /// <summary>Its name. Default <c>.GatewayKit.Rollout</c>, one cookie for all routes: their salts make different callers canaries.</summary>
    public string Name { get; init; } = DefaultName;

    /// <summary>How long it lives after it was issued: 1 minute to 400 days, more than which browsers do not keep (RFC 6265bis §5.5). Default 30 days.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(30);
}
