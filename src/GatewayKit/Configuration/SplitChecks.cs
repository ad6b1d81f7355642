using System.Globalization;
using GatewayKit.Rollout;

namespace GatewayKit.Configuration;

/// <summary>Checks what a split says.</summary>
internal static class SplitChecks
{
    private const int MostCanaries = 16;

    private static readonly TimeSpan LongestRamp = TimeSpan.FromDays(365), LongestCookie = TimeSpan.FromDays(400);

    public static void CheckClusters(RouteSplit split, IReadOnlySet<string>? clusters, string path, Report report)
    {
        ClusterNames.Check(split.Stable, clusters, ModelPath.Join(path, nameof(split.Stable)), report);
        foreach (var id in split.Canaries.Keys)
        {
            ClusterNames.Check(id, clusters, ModelPath.Join(path, [nameof(split.Canaries), id]), report);
        }
    }

    public static void Check(RouteSplit split, string path, Report report)
    {
        CheckCanaries(split, ModelPath.Join(path, nameof(split.Canaries)), report);
        CheckCookie(split, ModelPath.Join(path, nameof(split.Cookie)), report);
        CheckForce(split, ModelPath.Join(path, nameof(split.Force)), report);
        if (split.Guard is { } guard)
        {
            SpanChecks.Check(guard.Window, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1), ModelPath.Join(path, [nameof(split.Guard), nameof(guard.Window)]), report);
        }

        if (split.ResponseHeader is { } header)
        {
            NameChecks.CheckHeader(header, "X-Canary", ModelPath.Join(path, nameof(split.ResponseHeader)), report);
        }
    }

    private static void CheckCanaries(RouteSplit split, string path, Report report)
    {
        if (split.Canaries.Count is 0 or > MostCanaries)
        {
            report(path, $"The split has {split.Canaries.Count} canaries; it must have from 1 to {MostCanaries}. Without one, write \"Cluster\": \"{split.Stable}\" in place of the split.");
        }

        foreach (var (id, share) in split.Canaries)
        {
            var where = ModelPath.Join(path, id);
            if (string.Equals(id, split.Stable, StringComparison.OrdinalIgnoreCase))
            {
                report(where, $"'{id}' is the stable cluster, which takes what is left. Remove it here.");
            }

            if (share.Ramp is { } ramp)
            {
                if (share.Percent != 0)
                {
                    report(ModelPath.Join(where, nameof(share.Percent)), "The share has a Ramp, which says how large it is. Remove Percent.");
                }

                SpanChecks.Check(ramp.Duration, TimeSpan.FromSeconds(1), LongestRamp, ModelPath.Join(where, [nameof(share.Ramp), nameof(ramp.Duration)]), report);
            }
        }

        var most = split.Canaries.Values.Sum(static share => share.Highest);
        if (most > 100 && split.Canaries.Values.All(static share => share.Highest <= 100))
        {
            report(path, string.Create(CultureInfo.InvariantCulture, $"The canaries take up to {most} percent together; they may take 100. Lower Percent, or what a Ramp leads to."));
        }
    }

    private static void CheckCookie(RouteSplit split, string path, Report report)
    {
        NameChecks.CheckCookie(split.Cookie.Name, ModelPath.Join(path, nameof(split.Cookie.Name)), report);
        SpanChecks.Check(split.Cookie.Lifetime, TimeSpan.FromMinutes(1), LongestCookie, ModelPath.Join(path, nameof(split.Cookie.Lifetime)), report);
    }

    private static void CheckForce(RouteSplit split, string path, Report report)
    {
        if (split.Force is not { } force)
        {
            return;
        }

        if (force is { Header: null, Cookie: null })
        {
            report(path, "Nothing says how a side is chosen. Name a Header or a Cookie, or remove Force.");
        }

        if (force.Networks.Count == 0)
        {
            report(ModelPath.Join(path, nameof(force.Networks)), "Nobody may choose the side. Name the networks of those who may, such as \"10.0.0.0/8\", or remove Force.");
        }

        if (force.Header is { } header)
        {
            NameChecks.CheckHeader(header, "X-Canary", ModelPath.Join(path, nameof(force.Header)), report);
        }

        if (force.Cookie is { } cookie)
        {
            var where = ModelPath.Join(path, nameof(force.Cookie));
            NameChecks.CheckCookie(cookie, where, report);
            if (cookie == split.Cookie.Name)
            {
                report(where, $"'{cookie}' is the cookie that keeps callers on their side. Name another one.");
            }
        }
    }
}
