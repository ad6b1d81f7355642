using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Shedding;

/// <summary>
/// Finds out how loaded the process is, twice a second while somebody wants to know, so that a request only reads a number. The level rises one step while a
/// signal is at its limit, falls one while all are well below, and stays between for a while: what is done about the load lowers it, and must not end for that;
/// but no signal may hold it for ever that is below its limit.
/// </summary>
internal sealed partial class HostLoad : IDisposable
{
    /// <summary>How often the signals are read.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    // Of a limit: below it a signal is well.
    private const double Calm = 0.8;

    // How many times as long as below that mark it takes between it and the limit.
    private const int Patience = 4;

    private readonly HostSignals _read;
    private readonly LoadSheddingOptions _options;
    private readonly TimeProvider _time;
    private readonly LoadMetrics _metrics;
    private readonly ILogger<HostLoad> _logger;
    private readonly Lock _lock = new();
    private readonly WeakReference<object> _watch = new(null!);
    private ITimer? _timer;
    private bool _isDisposed;
    private long? _highSince, _belowSince, _calmSince;
    private volatile int _level, _spells;

    public HostLoad(HostSignals read, IOptions<LoadSheddingOptions> options, TimeProvider time, LoadMetrics metrics, ILogger<HostLoad> logger) =>
        (_read, _options, _time, _metrics, _logger) = (read, options.Value, time, metrics, logger);

    /// <summary>What is to be done.</summary>
    public LoadLevel Level => _options.Mode is PolicyMode.Enforce ? (LoadLevel)_level : LoadLevel.Normal;

    /// <summary>How often it has begun to have too much to do.</summary>
    public int Spells => _spells;

    /// <summary>Begins to look, if that has not begun.</summary>
    /// <returns>What must be held by who wants to know. When the last who had it is gone, as after a reload, nobody looks any more and nothing is done.</returns>
    public object Watch()
    {
        lock (_lock)
        {
            if (!_watch.TryGetTarget(out var watch))
            {
                _watch.SetTarget(watch = new());
            }

            if (_timer is null && !_isDisposed && _options.Mode is not PolicyMode.Off)
            {
                _timer = _time.CreateDetachedTimer(static state => ((HostLoad)state!).Look(), this, Period, Period);
                _metrics.Watch(() => (LoadLevel)_level);
            }

            return watch;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
        }
    }

    private void Look()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            if (!_watch.TryGetTarget(out _))
            {
                Stop();
                return;
            }

            var (signal, share) = Highest(_read());
            var now = _time.GetTimestamp();
            _highSince = share >= 1 ? _highSince ?? now : null;
            _belowSince = share < 1 ? _belowSince ?? now : null;
            _calmSince = share < Calm ? _calmSince ?? now : null;
            var level = (LoadLevel)_level;
            if (HasLasted(_highSince, _options.RiseAfter, now) && level < LoadLevel.ShedAll)
            {
                _highSince = now;
                Change(level, level + 1, signal, share);
            }
            else if (level > LoadLevel.Normal && (HasLasted(_calmSince, _options.FallAfter, now) || HasLasted(_belowSince, Patience * _options.FallAfter, now)))
            {
                (_calmSince, _belowSince) = (_calmSince is null ? null : now, now);
                Change(level, level - 1, signal, share);
            }
        }
    }

    private void Stop()
    {
        _timer?.Dispose();
        (_timer, _highSince, _belowSince, _calmSince) = (null, null, null, null);
        _metrics.Forget();
        if (_level != (int)LoadLevel.Normal)
        {
            Change((LoadLevel)_level, LoadLevel.Normal, LoadMetrics.Unwatched, share: 0);
        }
    }

    private bool HasLasted(long? since, TimeSpan time, long now) => since is { } begin && _time.GetElapsedTime(begin, now) >= time;

    private void Change(LoadLevel from, LoadLevel to, string signal, double share)
    {
        if (from is LoadLevel.Normal)
        {
            _spells++;
        }

        _level = (int)to;
        try
        {
            _metrics.Changed(from, to, signal);
            Log.Changed(_logger, to > from ? LogLevel.Warning : LogLevel.Information, from, to, signal, share);
        }
#pragma warning disable CA1031 // On a timer's thread it would end the process, and just when that has too much to do. What was to be told has happened.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    // The signal that is nearest to its limit, and how near.
    private (string Signal, double Share) Highest(in HostReading reading)
    {
        var highest = (Signal: LoadMetrics.Unwatched, Share: 0.0);
        foreach (var (signal, value, limit) in (ReadOnlySpan<(string, double, double?)>)
        [
            (LoadMetrics.WorkItems, reading.QueuedWorkItems, _options.MaxQueuedWorkItems),
            (LoadMetrics.Memory, reading.Memory, _options.MaxMemoryPercent / 100),
            (LoadMetrics.GcPause, reading.GcPause, _options.MaxGcPausePercent / 100),
            (LoadMetrics.Cpu, reading.Cpu, _options.MaxCpuPercent / 100),
        ])
        {
            if (limit is { } known)
            {
                _metrics.Read(signal, value / known);
                highest = value / known > highest.Share ? (signal, value / known) : highest;
            }
        }

        return highest;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = EventIds.LoadLevelChanged, Message = "Load level from {From} to {To}: of all signals {Signal} is nearest to its limit, at {Share:P0} of it.")]
        public static partial void Changed(ILogger logger, LogLevel level, LoadLevel from, LoadLevel to, string signal, double share);
    }
}
