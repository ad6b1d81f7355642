using GatewayKit.Auditing.Journal;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Shipping;

/// <summary>All that bring copies of the journal somewhere, from the moment that it is opened until it is closed.</summary>
/// <param name="registrations">The sinks.</param>
/// <param name="services">What makes them.</param>
/// <param name="folders">Where the boots of an instance are.</param>
/// <param name="metrics">What measures it.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class AuditShippers(
    IEnumerable<AuditSinkRegistration> registrations, IServiceProvider services, Func<string, BootFolders> folders, ShippingMetrics metrics, TimeProvider time, ILogger<AuditShippers> logger)
    : IDisposable
{
    // How long a stopping host waits for sinks. What they do not have then they get at the next start.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RestartInterval = TimeSpan.FromSeconds(5);

    private readonly AuditSinkRegistration[] _registrations = [.. registrations];
    private readonly CancellationTokenSource _end = new();
    private AuditShipper[] _shippers = [];
    private Task[] _running = [];
    private ITimer? _watch;

    /// <summary>The shippers, one for each sink; none before <see cref="Start"/>.</summary>
    public IReadOnlyList<AuditShipper> All => Volatile.Read(ref _shippers);

    /// <summary>Whether every sink that is required has a segment and its checkpoints, so that the journal need not keep it for them.</summary>
    public bool HasAll(Guid boot, int segment) => _registrations.Length == All.Count && All.All(one => !one.IsRequired || one.Has(boot, segment));

    /// <summary>Begins to read a journal, unless it does already.</summary>
    /// <param name="journal">The journal.</param>
    /// <exception cref="IOException">There is no room beside the journal.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public void Start(AuditJournal journal)
    {
        if (_registrations.Length is 0 || All.Count > 0 || _end.IsCancellationRequested)
        {
            return;
        }

        var boots = folders(journal.Instance);
        JournalFiles.Instance.CreateDirectory(boots.Shipping);
        var shippers = Array.ConvertAll(_registrations, one => new AuditShipper(one, one.Create(services), journal, boots, metrics, time, logger));
        Volatile.Write(ref _shippers, shippers);
        metrics.Observe(shippers);

        // Perhaps in the midst of a request that asked for a reload.
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _running = Array.ConvertAll(shippers, one => Task.Run(() => RunAsync(one)));
        }

        _watch = time.CreateDetachedTimer(static state => ((AuditShippers)state!).Watch(), this, WatchInterval, WatchInterval);
    }

    /// <summary>Ends, after the journal was closed: sinks that are well get its last records.</summary>
    public async Task StopAsync()
    {
        if (_end.IsCancellationRequested)
        {
            return;
        }

        _watch?.Dispose();
        Array.ForEach(_shippers, static one => one.Close());
        var all = Task.WhenAll(_running);
        await Task.WhenAny(all, Task.Delay(Farewell, time)).ConfigureAwait(false);
        await _end.CancelAsync().ConfigureAwait(false);

        // A sink that does not look at its token is left behind.
        await Task.WhenAny(all, Task.Delay(Farewell, time)).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _watch?.Dispose();
        Array.ForEach(_shippers, static one => one.Dispose());
        _end.Dispose();
    }

    private void Watch() => Array.ForEach(_shippers, static one => one.Watch());

    private async Task RunAsync(AuditShipper shipper)
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                await shipper.RunAsync(_end.Token).ConfigureAwait(false);
                return;
            }
#pragma warning disable CA1031 // Whatever it is, such as a full disk beside the journal: the journal goes on, and so do the other sinks.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log.Failed(logger, shipper.Name, exception);
            }

            await Task.Delay(RestartInterval, time, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.AuditShipperFailed, LogLevel.Error, "Nothing goes to the audit sink {Sink} for the moment: something failed beside the journal. It begins anew from where it was in {Interval}.")]
        private static partial void Failed(ILogger logger, string sink, TimeSpan interval, Exception exception);

        public static void Failed(ILogger logger, string sink, Exception exception) => Failed(logger, sink, RestartInterval, exception);
    }
}
