using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.Redis;

/// <summary>
/// Whether requests wait for Redis. After some failures in a row they do not, until a probe has succeeded, of which there is one at a time. Before the first probe they do not either. Safe to use from any thread.
/// </summary>
internal sealed partial class RedisBreaker(IOptions<RedisOptions> options, RedisMetrics metrics, TimeProvider time, ILogger<RedisBreaker> logger)
{
    private readonly int _failuresToOpen = options.Value.FailuresToOpen;
    private readonly long _probeInterval = (long)(options.Value.ProbeInterval.TotalSeconds * time.TimestampFrequency);
    private readonly Lock _lock = new();
    private volatile bool _isUp;
    private bool _isKnown, _isProbing;
    private int _failures;
    private long _nextProbe = long.MinValue;

    /// <summary>Whether requests wait for Redis.</summary>
    public bool IsUp => _isUp;

    /// <summary>Whether it is time to try; if so, it is the caller who does, and says how it went.</summary>
    public bool TryBeginProbe()
    {
        var now = time.GetTimestamp();
        if (_isUp || now < Volatile.Read(ref _nextProbe))
        {
            return false;
        }

        lock (_lock)
        {
            return !_isUp && !_isProbing && now >= _nextProbe && (_isProbing = true);
        }
    }

    /// <summary>Ends a probe.</summary>
    /// <param name="failure">Why it failed, if it did.</param>
    public void EndProbe(Exception? failure)
    {
        lock (_lock)
        {
            _isProbing = false;
            Change(failure);
        }
    }

    /// <summary>Notes a request that Redis answered.</summary>
    public void Succeeded()
    {
        // One that was sent before the circuit opened closes nothing: a probe does.
        if (Volatile.Read(ref _failures) != 0)
        {
            Volatile.Write(ref _failures, 0);
        }
    }

    /// <summary>Notes a request that Redis did not answer.</summary>
    public void Failed(Exception failure)
    {
        if (Interlocked.Increment(ref _failures) >= _failuresToOpen && _isUp)
        {
            lock (_lock)
            {
                if (_isUp)
                {
                    Change(failure);
                }
            }
        }
    }

    private void Change(Exception? failure)
    {
        Volatile.Write(ref _failures, 0);
        Volatile.Write(ref _nextProbe, time.GetTimestamp() + _probeInterval);
        var isUp = failure is null;
        if (_isKnown && isUp == _isUp)
        {
            return;
        }

        (_isUp, _isKnown) = (isUp, true);
        metrics.Changed(isUp);
        if (isUp)
        {
            Log.Up(logger);
        }
        else
        {
            Log.Down(logger, failure!.GetType().Name, failure.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.RedisUp, LogLevel.Information, "Redis answers: rates and quotas are shared.")]
        public static partial void Up(ILogger logger);

        [LoggerMessage(EventIds.RedisDown, LogLevel.Error, "Redis does not answer, and requests do not wait for it until it does: {Exception}: {Message}")]
        public static partial void Down(ILogger logger, string exception, string message);
    }
}
