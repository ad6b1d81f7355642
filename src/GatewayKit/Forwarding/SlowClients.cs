using GatewayKit.Clusters;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace GatewayKit.Forwarding;

/// <summary>How long an HTTP/1.1 client may take nothing of a body.</summary>
internal static class SlowClients
{
    private static readonly MinDataRate ServerDefault = new KestrelServerLimits().MinResponseDataRate!;
    private static MinDataRate? _latest;

    /// <summary>
    /// Gives the client the idle time of the cluster instead of the server's few seconds of grace. The server does not count bytes that
    /// were written into its own memory, so only the grace applies to them; and a kernel that has buffered megabytes takes no more until
    /// a good part of them is gone, which a client at 200 KB/s needs longer for. A rate that the host has set stays.
    /// </summary>
    public static void GrantIdleTime(HttpContext httpContext, ClusterTimeouts timeouts)
    {
        if (httpContext.Features.Get<IHttpMinResponseDataRateFeature>() is { MinDataRate: { } rate } feature
            && rate.BytesPerSecond.Equals(ServerDefault.BytesPerSecond) && rate.GracePeriod == ServerDefault.GracePeriod)
        {
            feature.MinDataRate = timeouts.Idle == Timeout.InfiniteTimeSpan ? null
                : timeouts.Idle > rate.GracePeriod ? RateOf(timeouts.Idle)
                : rate;
        }
    }

    // Nearly always all clusters have one idle time.
    private static MinDataRate RateOf(TimeSpan idle) =>
        _latest is { } known && known.GracePeriod == idle ? known : _latest = new MinDataRate(ServerDefault.BytesPerSecond, idle);
}
