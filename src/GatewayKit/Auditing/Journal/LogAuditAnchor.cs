using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Journal;

/// <summary>Writes checkpoints to the log, for hosts whose log goes somewhere else.</summary>
internal sealed partial class LogAuditAnchor(ILogger logger) : IAuditAnchor
{
    public string Name => "log";

    public ValueTask AnchorAsync(AuditCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        Log.Anchored(logger, checkpoint.Line);
        return ValueTask.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.CheckpointAnchored, LogLevel.Information, "Checkpoint of the audit journal: {Checkpoint}")]
        public static partial void Anchored(ILogger logger, string checkpoint);
    }
}
