using GatewayKit.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// Counts quotas in memory and writes what has changed to a file, many changes in one write: no request waits for the disk. A process that ends in order forgets nothing, one that is
/// killed at most what it counted in <see cref="QuotaOptions.CommitInterval"/> and while the last write took.
/// </summary>
internal sealed partial class FileQuotaStore : IQuotaStore, IDisposable
{
    // A file that holds each row this often on average is written anew, so that reading it at start stays short.
    private const int MaxAge = 4;
    private const int FirstRewrite = 1024 * 1024;

    private readonly Lock _writing = new();
    private readonly QuotaTable _table;
    private readonly QuotaFile _file;
    private readonly ITimer _timer;
    private readonly TimeSpan _interval;
    private readonly ILogger<FileQuotaStore> _logger;
    private long _rewriteAt = FirstRewrite;
    private bool _isArmed, _isFailing, _isDisposed;

    public FileQuotaStore(IOptions<QuotaOptions> options, IHostEnvironment host, TimeProvider time, ILogger<FileQuotaStore> logger)
        : this(Path.Combine(host.ContentRootPath, options.Value.Directory), options.Value, time, logger)
    {
    }

    public FileQuotaStore(string directory, QuotaOptions options, TimeProvider time, ILogger<FileQuotaStore> logger)
    {
        (_interval, _logger) = (options.CommitInterval, logger);
        _table = new(options.MaxKeys, time);

        // Also rows that are over, which may be the newer ones of their keys; the next line lets go of them.
        _file = new(directory, _table.Restore);
        _table.ReadAll(static (_, _) => { });
        _timer = time.CreateDetachedTimer(static state => ((FileQuotaStore)state!).Commit(), this);
        _table.Changed = Arm;
        if (_file.TornBytes > 0)
        {
            Log.TailDropped(logger, directory, _file.TornBytes);
        }
    }

    public ReadOnlyMemory<byte> Secret => _file.Secret;

    /// <summary>How long the file is.</summary>
    public long FileLength => _file.Length;

    public ValueTask<QuotaAnswer> ReserveAsync(QuotaKey key, QuotaRule rule, long cost, TimeSpan settleWithin, CancellationToken cancellationToken) =>
        new(_table.Reserve(key, rule, cost, settleWithin));

    public ValueTask<QuotaAnswer> SettleAsync(QuotaReservation reservation, QuotaRule rule, long cost, CancellationToken cancellationToken) =>
        new(_table.Settle(reservation, rule, cost));

    public ValueTask<QuotaAnswer?> ReadAsync(QuotaKey key, QuotaRule rule, CancellationToken cancellationToken) => new(_table.Read(key, rule));

    public void Dispose()
    {
        _timer.Dispose();
        Commit();
        lock (_writing)
        {
            _isDisposed = true;
            _file.Dispose();
        }
    }

    /// <summary>Writes what has changed since the last time.</summary>
    public void Commit()
    {
        lock (_writing)
        {
            if (_isDisposed)
            {
                return;
            }

            Volatile.Write(ref _isArmed, false);
            try
            {
                Write();
                if (_isFailing)
                {
                    _isFailing = false;
                    Log.WritesAgain(_logger);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                if (!_isFailing)
                {
                    _isFailing = true;
                    Log.WriteFailed(_logger, exception);
                }

                // Nothing is lost as long as the process lives: the next write is of everything.
                Arm();
            }
        }
    }

    // From the first change on: those that follow do not put the write off.
    private void Arm()
    {
        if (!Interlocked.Exchange(ref _isArmed, true))
        {
            _timer.Change(_interval, Timeout.InfiniteTimeSpan);
        }
    }

    private void Write()
    {
        if (!_file.IsDamaged)
        {
            _table.ReadChanges(_file.Add);
            _file.Commit();
        }

        if (_file.IsDamaged || _file.Length > _rewriteAt)
        {
            _file.Replace(_table.ReadAll);
            _rewriteAt = Math.Max(FirstRewrite, MaxAge * _file.Length);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.QuotaTailDropped, LogLevel.Warning, "The file of quotas in {Directory} ended in the middle of a record, as after a power cut: {Bytes} bytes were dropped.")]
        public static partial void TailDropped(ILogger logger, string directory, long bytes);

        [LoggerMessage(EventIds.QuotaWriteFailed, LogLevel.Error, "Quotas cannot be written to their file. They are counted on in memory, and would be forgotten with the process.")]
        public static partial void WriteFailed(ILogger logger, Exception exception);

        [LoggerMessage(EventIds.QuotaWritesAgain, LogLevel.Information, "Quotas are written to their file again.")]
        public static partial void WritesAgain(ILogger logger);
    }
}
