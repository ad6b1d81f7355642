using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Shipping;

/// <content>What it tells the log, and of conflicts the journal.</content>
internal sealed partial class AuditShipper
{
    private void Violated(Guid boot, IReadOnlyList<AuditConflict> conflicts, string what, string member)
    {
        foreach (var conflict in conflicts)
        {
            var whose = conflict.Boot ?? boot;
            Log.Conflict(_logger, Name, what, conflict.Sequence, whose);
            _journal.Append(_journal.NewEvent("integrity_violation", json =>
            {
                json.WriteString("sink"u8, Name);
                json.WriteString("boot"u8, whose);
                json.WriteNumber(member, conflict.Sequence);
                json.WriteString("found"u8, conflict.Hash);
            }));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.AuditSinkFails, LogLevel.Warning, "The audit sink {Sink} does not take records. The journal keeps them, and it is tried again.")]
        public static partial void Fails(ILogger logger, string sink, Exception exception);

        [LoggerMessage(EventIds.AuditSinkWorks, LogLevel.Information, "The audit sink {Sink} takes records again.")]
        public static partial void Works(ILogger logger, string sink);

        [LoggerMessage(EventIds.AuditSinkDegraded, LogLevel.Error, "The audit sink {Sink} has been behind for more than {Limit}. The journal keeps what it misses.")]
        public static partial void Degraded(ILogger logger, string sink, TimeSpan limit);

        [LoggerMessage(EventIds.AuditSinkRecovered, LogLevel.Information, "The audit sink {Sink} has what the journal has.")]
        public static partial void Recovered(ILogger logger, string sink);

        [LoggerMessage(EventIds.AuditRecordDeadLettered, LogLevel.Error, "{Count} records of the audit journal are not in the sink {Sink} and will not be: {Reason}. Its file of dead letters says which.")]
        public static partial void DeadLettered(ILogger logger, long count, string sink, string reason);

        [LoggerMessage(EventIds.AuditShipperWaits, LogLevel.Error, "Segments of the boot {Boot} of the audit journal cannot be read, or are missing as one of its directories is: the audit sink {Sink} gets no more of that boot until they can be read. It is tried again, for a boot that is over once a minute.")]
        public static partial void Waits(ILogger logger, string sink, Guid boot);

        [LoggerMessage(EventIds.AuditSinkBehindAgain, LogLevel.Warning, "The audit sink {Sink} does not have what it had, as after a failover to an older copy. It gets again what it misses.")]
        public static partial void PositionLost(ILogger logger, string sink);

        [LoggerMessage(EventIds.AuditPositionUnreadable, LogLevel.Warning, "The file beside the journal that says how far the audit sink {Sink} is cannot be read. It goes on by what the sink says.")]
        public static partial void PositionUnreadable(ILogger logger, string sink, Exception exception);

        [LoggerMessage(EventIds.AuditSinkConflict, LogLevel.Critical, "The audit sink {Sink} has another {What} {Sequence} of the boot {Boot} than the journal: somebody has changed one of them.")]
        public static partial void Conflict(ILogger logger, string sink, string what, long sequence, Guid boot);
    }
}
