using GatewayKit.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Resilience;

/// <summary>
/// Knows when this process stood still: stopped, out of its CPU quota, collecting garbage, or without a free thread. What timed out meanwhile
/// timed out here, and says nothing of the one who was asked; without it one pause would open the circuits of everybody who is well.
/// A ticker that comes late is the sign, so it costs nothing per request. Safe for concurrent use.
/// </summary>
internal sealed partial class PauseDetector(TimeProvider time, ILogger<PauseDetector> logger) : IHostedService, IDisposable
{
    private const int Kept = 16;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly (long From, long To)[] _pauses = new (long, long)[Kept];
    private ITimer? _timer;
    private long _ticked;
    private int _count;

    /// <summary>Whether a pause reached into a span of time, whose ends are timestamps.</summary>
    public bool Covers(long from, long to)
    {
        lock (_lock)
        {
            // After a pause all timers are due at once, and the one of a timeout may come before the ticker's.
            Look(isTick: false);
            for (var i = 0; i < Math.Min(_count, Kept); i++)
            {
                if (_pauses[i].From < to && from < _pauses[i].To)
                {
                    return true;
                }
            }

            return false;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _ticked = time.GetTimestamp();
            _timer ??= time.CreateDetachedTimer(static state => ((PauseDetector)state!).Tick(), this, Period, Period);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void Tick()
    {
        lock (_lock)
        {
            Look(isTick: true);
        }
    }

    private void Look(bool isTick)
    {
        // Where no host starts it, nobody ticks, and nothing is late.
        if (_timer is null)
        {
            return;
        }

        var (last, now) = (_ticked, time.GetTimestamp());
        var late = time.GetElapsedTime(last, now) - Period;
        if (isTick || late > Late)
        {
            // Only looking must not hide that the ticker is late: without a free thread many look and it does not come.
            _ticked = now;
        }

        if (late > Late)
        {
            _pauses[_count % Kept] = (last, now);
            _count = _count == int.MaxValue ? Kept : _count + 1;
            Log.Paused(logger, late.TotalSeconds);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.ProcessPaused,
            LogLevel.Warning,
            "The process stood still for about {Seconds:F1} s: stopped, out of CPU, collecting garbage, or without a free thread. Timeouts of that time count against no destination.")]
        public static partial void Paused(ILogger logger, double seconds);
    }
}
