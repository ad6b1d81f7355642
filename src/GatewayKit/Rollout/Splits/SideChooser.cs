using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Rollout.Splits;

/// <summary>Chooses the side of a request.</summary>
internal sealed class SideChooser(RouteSplit split, KeySource keys, SplitSchedule schedule, IReadOnlyList<SplitSide> sides, Func<double> random)
{
    // In shadow mode nobody notices anything.
    private readonly bool _isTried = split.Mode is PolicyMode.Shadow;
    private readonly ForcedChoice? _forced = split is { Force: { } force, Mode: not PolicyMode.Shadow } ? new(force, [.. sides.Select(static side => side.ClusterId)]) : null;

    /// <returns>0 for the stable cluster, 1 for the first canary, and so on.</returns>
    public int Choose(HttpContext httpContext, out SideChoice choice)
    {
        if (_forced is not null && _forced.TryRead(httpContext, out var forced))
        {
            choice = SideChoice.Forced;
            return forced;
        }

        if (keys.IsPerRequest)
        {
            choice = SideChoice.Draw;
            return schedule.SideOf((int)(random() * KeyHash.Buckets));
        }

        if (!keys.TryHash(httpContext, out var hash))
        {
            if (!keys.IsIssued)
            {
                choice = SideChoice.NoKey;
                return 0;
            }

            hash = Issue(httpContext);
        }

        choice = SideChoice.Key;
        var side = schedule.SideOf(KeyHash.BucketOf(hash));
        sides[side].Keys.Add(hash);
        return side;
    }

    private ulong Issue(HttpContext httpContext)
    {
        var id = IssuedId.Create();
        if (_isTried)
        {
            return keys.Hash(id);
        }

        httpContext.Response.Cookies.Append(split.Cookie.Name, id, new()
        {
            HttpOnly = true,
            Secure = httpContext.Request.IsHttps,
            SameSite = SameSiteMode.Lax,
            Path = "/",
            MaxAge = split.Cookie.Lifetime,
        });
        return keys.Hash(id);
    }
}
