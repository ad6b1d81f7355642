using GatewayKit.Clusters;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace GatewayKit.Forwarding;

/// <summary>How long an HTTP/1.1 client may take nothing of a body.</summary>
internal static class SlowClients
{
    /// <summary>
    /// Gives the client the idle time of the cluster instead of the server's few seconds of grace. The server does not count bytes that
    /// were written into its own memory, so only the grace applies to them; and a kernel that has buffered megabytes takes no more until
    /// a good part of them is gone, which a client at 200 KB/s needs longer for.
    /// </summary>
    public static void GrantIdleTime(HttpContext httpContext, ClusterTimeouts timeouts)
    {
        if (httpContext.Features.Get<IHttpMinResponseDataRateFeature>() is { MinDataRate: { } rate } feature)
        {
            feature.MinDataRate = timeouts.Idle == Timeout.InfiniteTimeSpan ? null
                : timeouts.Idle > rate.GracePeriod ? new MinDataRate(rate.BytesPerSecond, timeouts.Idle)
                : rate;
        }
    }
}
