using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Journal;

internal sealed partial class JournalWriter
{
    private static partial class Log
    {
        [LoggerMessage(EventIds.JournalDied, LogLevel.Critical, "The audit journal has ended by a defect: every request that has to be recorded is refused until the process is started anew.")]
        public static partial void Died(ILogger logger, Exception exception);

        [LoggerMessage(EventIds.JournalDropped, LogLevel.Error, "The audit journal was closed with {Lines} lines unwritten.")]
        public static partial void Dropped(ILogger logger, int lines);
    }
}
