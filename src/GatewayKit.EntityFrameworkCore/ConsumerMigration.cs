using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>Makes and migrates the tables when the host starts. The host waits for the first try only: what else it serves does not need this database.</summary>
internal sealed partial class ConsumerMigration(ContextSource<GatewayConsumersDbContext> contexts, TimeProvider time, ILogger<ConsumerMigration> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan FirstTry = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private Task _migrating = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var first = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        first.CancelAfter(FirstTry);
        try
        {
            await MigrateAsync(first.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, exception);
            _migrating = Task.Run(TryAgainAsync, CancellationToken.None);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _migrating.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task TryAgainAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Pause, time, _stopping.Token).ConfigureAwait(false);
                await MigrateAsync(_stopping.Token).ConfigureAwait(false);
                Log.Done(logger);
                return;
            }
            catch (Exception) when (!_stopping.IsCancellationRequested)
            {
                // It was said once; what comes next is that it works.
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using var lease = await contexts.OpenAsync(cancellationToken).ConfigureAwait(false);
        var database = lease.Context.Database;
        while (true)
        {
            var pending = (await database.GetPendingMigrationsAsync(cancellationToken).ConfigureAwait(false)).Count();
            try
            {
                await database.MigrateAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (DbException) when (pending > 0)
            {
                // The lock of PostgreSQL is let go after each migration, and another instance may be the one that goes on: whose tables are there then is as good.
                if ((await database.GetPendingMigrationsAsync(cancellationToken).ConfigureAwait(false)).Count() >= pending)
                {
                    throw;
                }
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.MigrationFailed, LogLevel.Error, "The tables of consumers could not be made or migrated. It is tried again every 2 s; until then keys and identities of the store are answered 503.")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(EventIds.MigrationDone, LogLevel.Information, "The tables of consumers are there now.")]
        public static partial void Done(ILogger logger);
    }
}
