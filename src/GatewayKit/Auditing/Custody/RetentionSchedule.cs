using GatewayKit.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Custody;

/// <summary>Looks once an hour for what may go. What goes wrong is tried again an hour later.</summary>
internal sealed partial class RetentionSchedule(AuditTrail trail, Func<AuditCustody> custody, TimeProvider time, ILogger<AuditCustody> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                await PruneAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops, perhaps because it did not start: no failure of this.
        }
    }

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        if (trail.Journal is null)
        {
            return;
        }

        try
        {
            await custody().PruneAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops.
        }
#pragma warning disable CA1031 // The host goes on, and so does the journal.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.Failed(logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.RetentionFailed, LogLevel.Error, "The audit journal could not be looked through for what may go. It is tried again in an hour.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
