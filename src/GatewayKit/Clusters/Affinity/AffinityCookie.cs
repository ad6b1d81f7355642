using Microsoft.AspNetCore.Http;

namespace GatewayKit.Clusters.Affinity;

/// <summary>The cookie that says which destination a session is bound to. It is <c>HttpOnly</c> in any case.</summary>
public sealed record AffinityCookie
{
    /// <summary>Its name. Default <c>gk-session-</c> and eight digits that stand for the cluster, so that the cookies of two clusters are two.</summary>
    public string? Name { get; init; }

    /// <summary>The paths it is sent for. Default <c>/</c>.</summary>
    public string Path { get; init; } = "/";

    /// <summary>The domain it is sent to, subdomains included. Default: only the host that set it.</summary>
    public string? Domain { get; init; }

    /// <summary>Whether other sites' pages send it. Default <see cref="SameSiteMode.Lax"/>.</summary>
    public SameSiteMode SameSite { get; init; } = SameSiteMode.Lax;

    /// <summary>Whether it is sent over TLS only. Default <see cref="CookieSecurePolicy.Always"/>: over plain HTTP browsers then drop it.</summary>
    public CookieSecurePolicy Secure { get; init; } = CookieSecurePolicy.Always;

    /// <summary>How long the client keeps it, 1 s to 400 days. Default: as long as the browser runs.</summary>
    public TimeSpan? MaxAge { get; init; }
}
