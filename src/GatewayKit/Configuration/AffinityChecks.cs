using GatewayKit.Clusters;
using GatewayKit.Clusters.Affinity;
using GatewayKit.Pipeline;

namespace GatewayKit.Configuration;

/// <summary>Checks the session affinity of a cluster.</summary>
internal sealed class AffinityChecks(SessionAffinities affinities)
{
    private static readonly TimeSpan LongestAge = TimeSpan.FromDays(400);

    public void Check(Cluster cluster, string path, Report report)
    {
        if (cluster.Affinity is not { } affinity)
        {
            return;
        }

        var where = ModelPath.Join(path, nameof(cluster.Affinity));
        if (affinity is { Cookie: not null, Header: not null })
        {
            report(ModelPath.Join(where, nameof(affinity.Header)), "A session is told by a cookie or by a header. Take one of the two out.");
        }

        if (affinity.Header is { } header)
        {
            NameChecks.CheckHeader(header.Name, "X-Session", ModelPath.Join(where, [nameof(affinity.Header), nameof(header.Name)]), report);
        }

        if (affinity.Cookie is { } cookie)
        {
            CheckCookie(cookie, ModelPath.Join(where, nameof(affinity.Cookie)), report);
        }

        if (affinity.Mode is not PolicyMode.Off && WhyUnprotected() is { } reason)
        {
            report(where, reason);
        }
    }

    private string? WhyUnprotected()
    {
        try
        {
            return affinities.AreThere ? null
                : "Affinity protects its tokens by Data Protection, which the host does not have. Call builder.Services.AddDataProtection(), with keys that all instances of the gateway share.";
        }
#pragma warning disable CA1031 // The host says how keys are kept, and what it has said may throw anything.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return $"Affinity protects its tokens by Data Protection, which the host has and cannot make: {exception.Message}";
        }
    }

    private static void CheckCookie(AffinityCookie cookie, string path, Report report)
    {
        if (cookie.Name is { } name)
        {
            NameChecks.CheckCookie(name, ModelPath.Join(path, nameof(cookie.Name)), report);
        }

        if (!cookie.Path.StartsWith('/') || HasForbidden(cookie.Path))
        {
            report(ModelPath.Join(path, nameof(cookie.Path)), $"'{cookie.Path}' is not a path of a cookie. Write one that begins with a slash, such as \"/\".");
        }

        if (cookie.Domain is { } domain && Uri.CheckHostName(domain.TrimStart('.')) is not UriHostNameType.Dns)
        {
            report(ModelPath.Join(path, nameof(cookie.Domain)), $"'{domain}' is not a domain, such as \"example.com\".");
        }

        if (cookie.MaxAge is { } age && (age < TimeSpan.FromSeconds(1) || age > LongestAge))
        {
            report(ModelPath.Join(path, nameof(cookie.MaxAge)), $"MaxAge is {age:c}; it must be from 00:00:01 to 400.00:00:00, the most that browsers keep.");
        }

        // A value that says "from any site" is dropped without the other (RFC 6265bis §5.7).
        if (cookie is { SameSite: Microsoft.AspNetCore.Http.SameSiteMode.None, Secure: not Microsoft.AspNetCore.Http.CookieSecurePolicy.Always })
        {
            report(ModelPath.Join(path, nameof(cookie.Secure)), "A cookie with SameSite None is dropped by browsers unless it is Secure. Write \"Secure\": \"Always\".");
        }
    }

    // What ends an attribute (RFC 6265 §4.1.1).
    private static bool HasForbidden(string text) => text.Any(static c => c is ';' or < ' ' or > '~');
}
