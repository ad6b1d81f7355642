using GatewayKit.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.Lifecycle;

/// <summary>Says when requests that keep within their deadline would all the same be cut when the host stops.</summary>
internal sealed partial class ShutdownCheck(DrainState drain, IOptions<HostOptions> host, ILogger<ShutdownCheck> logger)
{
    private readonly Lock _lock = new();
    private TimeSpan _warnedOf;

    /// <summary>Looks at the deadlines in force. The same finding is told once.</summary>
    /// <param name="deadlines">What requests may take, by cluster; an infinite one is no promise.</param>
    public void Look(IEnumerable<(string Cluster, TimeSpan Total)> deadlines)
    {
        var granted = host.Value.ShutdownTimeout;
        var (cluster, total) = deadlines.Where(static deadline => deadline.Total != Timeout.InfiniteTimeSpan)
            .DefaultIfEmpty((Cluster: string.Empty, Total: TimeSpan.Zero)).MaxBy(static deadline => deadline.Total);
        var needed = drain.Delay + total;
        lock (_lock)
        {
            if (granted == Timeout.InfiniteTimeSpan || needed <= granted || needed == _warnedOf)
            {
                return;
            }

            _warnedOf = needed;
        }

        if (total == TimeSpan.Zero)
        {
            Log.DelayTooLong(logger, granted, drain.Delay);
        }
        else
        {
            Log.TooShort(logger, granted, drain.Delay, total, cluster, needed);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.ShutdownTooShort, LogLevel.Warning,
            "HostOptions.ShutdownTimeout is {ShutdownTimeout}, which is less than DrainDelay ({DrainDelay}) and the longest deadline ({Total}, of cluster {Cluster}) take together: "
            + "requests can be cut when the host stops. Set it to {Needed} or more, and what ends the process, such as terminationGracePeriodSeconds, to more than that.")]
        public static partial void TooShort(ILogger logger, TimeSpan shutdownTimeout, TimeSpan drainDelay, TimeSpan total, string cluster, TimeSpan needed);

        [LoggerMessage(
            EventIds.DrainDelayTooLong, LogLevel.Warning,
            "HostOptions.ShutdownTimeout is {ShutdownTimeout}, which is less than DrainDelay ({DrainDelay}): requests are cut when the host stops. Make it longer, or the delay shorter.")]
        public static partial void DelayTooLong(ILogger logger, TimeSpan shutdownTimeout, TimeSpan drainDelay);
    }
}
