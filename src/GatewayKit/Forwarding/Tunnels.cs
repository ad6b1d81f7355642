using System.Collections.Concurrent;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace GatewayKit.Forwarding;

/// <summary>
/// The tunnels that are open: how many there may be, and what becomes of them when the host shuts down. They are told at once, closed
/// between two frames, and cut shortly before the host would give up waiting, so that their ends are still recorded.
/// </summary>
internal sealed class Tunnels : IDisposable
{
    private readonly ConcurrentDictionary<Tunnel, bool> _open = new();
    private readonly int _max;
    private readonly TimeSpan _shutdownTimeout;
    private readonly TunnelMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly CancellationTokenRegistration _stopping;
    private ITimer? _cut;
    private int _count;
    private volatile bool _isDraining;

    public Tunnels(IOptions<GatewayOptions> options, IOptions<HostOptions> host, TunnelMetrics metrics, TimeProvider time, IHostApplicationLifetime? lifetime = null)
    {
        (_max, _shutdownTimeout, _metrics, _time) = (options.Value.MaxUpgradedConnections, host.Value.ShutdownTimeout, metrics, time);
        if (lifetime is not null)
        {
            _stopping = lifetime.ApplicationStopping.UnsafeRegister(static state => ((Tunnels)state!).Drain(), this);
        }
    }

    /// <summary>Takes a place for a tunnel that is asked for; <see cref="Release"/> gives it back.</summary>
    public ForwardError Reserve()
    {
        if (_isDraining)
        {
            return ForwardError.Draining;
        }

        if (Interlocked.Increment(ref _count) <= _max)
        {
            return ForwardError.None;
        }

        Release();
        return ForwardError.Overloaded;
    }

    /// <summary>How many places are taken.</summary>
    public int Count => Volatile.Read(ref _count);

    public void Release() => Interlocked.Decrement(ref _count);

    /// <summary>Runs a tunnel to its end, and records it.</summary>
    public async ValueTask<TunnelOutcome> RunAsync(Tunnel tunnel, Exchange exchange, TimeSpan maxDuration)
    {
        var startedAt = _time.GetTimestamp();
        _open.TryAdd(tunnel, true);
        try
        {
            // One that opens while the others are being told is told here.
            if (_isDraining)
            {
                tunnel.Close();
            }

            var outcome = await tunnel.RunAsync(maxDuration).ConfigureAwait(false);
            var record = new TunnelRecord(tunnel.BytesFromClient, tunnel.BytesFromDestination, _time.GetElapsedTime(startedAt), outcome.EndedBy);
            exchange.HttpContext.Features.Set(record);
            _metrics.Ended(exchange, record, outcome.Error);
            return outcome;
        }
        finally
        {
            _open.TryRemove(tunnel, out _);
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _cut?.Dispose();
    }

    // Called where the host begins to stop: it returns at once.
    private void Drain()
    {
        _isDraining = true;
        if (_shutdownTimeout != Timeout.InfiniteTimeSpan)
        {
            StartCut();
        }

        foreach (var tunnel in _open.Keys)
        {
            tunnel.Close();
        }
    }

    private void StartCut()
    {
        var margin = TimeSpan.FromTicks(Math.Min(_shutdownTimeout.Ticks / 10, TimeSpan.TicksPerSecond));
        _cut = _time.CreateTimer(static state => ((Tunnels)state!).Cut(), this, _shutdownTimeout - margin, Timeout.InfiniteTimeSpan);
    }

    private void Cut()
    {
        foreach (var tunnel in _open.Keys)
        {
            tunnel.Abort(ForwardError.Draining);
        }
    }
}
