using GatewayKit.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.Lifecycle;

/// <summary>
/// How far the host is with stopping. It serves on for a while, so that balancers see that it is no longer ready; then it refuses what is
/// new; shortly before the host would give up waiting, what still runs is cut, so that its end is still recorded. Each step comes once.
/// </summary>
internal sealed partial class DrainState : IDisposable
{
    /// <summary>How long it serves on when nobody says otherwise. In development somebody waits at a terminal, and no balancer is there.</summary>
    public static readonly TimeSpan DefaultDelay = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _draining = new(), _refusing = new(), _cutting = new();
    private readonly TaskCompletionSource _isOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeSpan _shutdownTimeout;
    private readonly TimeProvider _time;
    private readonly ILogger<DrainState> _logger;
    private readonly CancellationTokenRegistration _stopping;
    private readonly Lock _lock = new();
    private ITimer? _delay, _cut;
    private volatile bool _isDraining, _isRefusing, _isCutting;
    private bool _isDisposed;

    public DrainState(
        IOptions<GatewayOptions> options, IOptions<HostOptions> host, TimeProvider time, ILogger<DrainState> logger,
        IHostEnvironment? environment = null, IHostApplicationLifetime? lifetime = null)
    {
        (_shutdownTimeout, _time, _logger) = (host.Value.ShutdownTimeout, time, logger);
        Delay = options.Value.DrainDelay ?? (environment?.IsDevelopment() is true ? TimeSpan.Zero : DefaultDelay);
        if (lifetime is not null)
        {
            _stopping = lifetime.ApplicationStopping.UnsafeRegister(static state => ((DrainState)state!).Begin(), this);
        }
    }

    /// <summary>How long the host serves on.</summary>
    public TimeSpan Delay { get; }

    /// <summary>When a client that is refused may come again: it will be sent elsewhere by then.</summary>
    public static TimeSpan RetryAfter { get; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether the host is stopping. It serves, is not ready, lets go of connections, and begins nothing of its own: no probe, no hedge, no mirror, no retry that
    /// would have to wait.
    /// </summary>
    public bool IsDraining => _isDraining;

    /// <summary>Whether new requests are refused: balancers had their time.</summary>
    public bool IsRefusing => _isRefusing;

    /// <summary>Whether what still runs is being cut.</summary>
    public bool IsCutting => _isCutting;

    /// <summary>Cancelled with <see cref="IsDraining"/>. What registers must return at once and not throw.</summary>
    public CancellationToken Draining => _draining.Token;

    /// <summary>Cancelled with <see cref="IsRefusing"/>: what would go on for ever, such as a WebSocket or an event stream, ends politely now.</summary>
    public CancellationToken Refusing => _refusing.Token;

    /// <summary>Cancelled with <see cref="IsCutting"/>.</summary>
    public CancellationToken Cutting => _cutting.Token;

    /// <summary>Begins to drain. Idempotent; returns at once.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            if (_isDraining || _isDisposed)
            {
                return;
            }

            _isDraining = true;
            _cut = _shutdownTimeout == Timeout.InfiniteTimeSpan ? null : StartTimer(_shutdownTimeout - Margin(_shutdownTimeout), static state => state.Cut());
            _delay = Delay > TimeSpan.Zero ? StartTimer(Delay, static state => state.Refuse()) : null;
        }

        Log.Began(_logger, Delay, _shutdownTimeout);
        _draining.Cancel();
        if (Delay <= TimeSpan.Zero)
        {
            Refuse();
        }
    }

    /// <summary>Begins to drain if that has not begun, and waits until the host need not serve on.</summary>
    /// <param name="giveUp">Cancelled when the host waits no longer: then the time is over too.</param>
    public async Task WaitAsync(CancellationToken giveUp)
    {
        Begin();
        await using var given = giveUp.UnsafeRegister(static state => ((DrainState)state!).Refuse(), this).ConfigureAwait(false);
        await _isOver.Task.ConfigureAwait(false);
    }

    public void Dispose()
    {
        _stopping.Dispose();
        lock (_lock)
        {
            _isDisposed = true;
            _delay?.Dispose();
            _cut?.Dispose();
        }

        _isOver.TrySetResult();
    }

    // A tenth, at most a second: long enough to write what is to be recorded.
    private static TimeSpan Margin(TimeSpan shutdownTimeout) => TimeSpan.FromTicks(Math.Min(shutdownTimeout.Ticks / 10, TimeSpan.TicksPerSecond));

    private ITimer StartTimer(TimeSpan after, Action<DrainState> step) => _time.CreateDetachedTimer(_ => step(this), null, after, Timeout.InfiniteTimeSpan);

    private void Refuse()
    {
        lock (_lock)
        {
            if (_isRefusing || _isDisposed)
            {
                return;
            }

            _isRefusing = true;
        }

        _refusing.Cancel();
        _isOver.TrySetResult();
    }

    private void Cut()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isCutting = true;
        }

        // A delay that is longer than the host waits has not ended by itself.
        Refuse();
        _cutting.Cancel();
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.DrainBegan, LogLevel.Information, "Draining: not ready any more, serving on for {Delay}; the host waits {ShutdownTimeout} at most.")]
        public static partial void Began(ILogger logger, TimeSpan delay, TimeSpan shutdownTimeout);
    }
}
