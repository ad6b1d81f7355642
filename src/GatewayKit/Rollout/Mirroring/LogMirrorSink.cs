using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>Writes differences into the log.</summary>
internal sealed partial class LogMirrorSink(ILogger<LogMirrorSink> logger) : IMirrorSink
{
    public void Differs(MirrorDifference difference)
    {
        if (logger.IsEnabled(LogLevel.Information))
        {
            Log.Differs(
                logger, difference.RouteId, difference.ClusterId, difference.Method, difference.Status, difference.MirrorStatus, string.Join(", ", difference.Differences), difference.TraceId);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.MirrorDiffers,
            LogLevel.Information,
            "Mirror of {Route}: {Cluster} answers {Method} differently ({Status}, mirror {MirrorStatus}): {Differences}. Trace {TraceId}.")]
        public static partial void Differs(ILogger logger, string route, string cluster, string method, int status, int mirrorStatus, string differences, string traceId);
    }
}
