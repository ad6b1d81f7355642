using System.Collections.Concurrent;
using GatewayKit.Clusters;
using GatewayKit.Lifecycle;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Forwarding;

/// <summary>
/// The tunnels that are open: how many there may be, and what becomes of them when the host or their destination goes. They are told when balancers
/// had their time, so that who comes back comes elsewhere, closed between two frames, and cut in the end, so that their ends are still recorded.
/// </summary>
internal sealed class Tunnels : IDisposable
{
    private readonly ConcurrentDictionary<Tunnel, Exchange> _open = new();
    private readonly int _max;
    private readonly TunnelMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly DrainState _drain;
    private readonly DestinationDrains _drains;
    private readonly CancellationTokenRegistration _refusing, _cutting;
    private int _count;

    public Tunnels(IOptions<GatewayOptions> options, TunnelMetrics metrics, TimeProvider time, DrainState drain, DestinationDrains drains)
    {
        (_max, _metrics, _time, _drain, _drains) = (options.Value.MaxUpgradedConnections, metrics, time, drain, drains);
        _refusing = drain.Refusing.UnsafeRegister(static state => ((Tunnels)state!).CloseAll(), this);
        _cutting = drain.Cutting.UnsafeRegister(static state => ((Tunnels)state!).Cut(), this);
        drains.LimitReached += CloseTo;
    }

    /// <summary>Takes a place for a tunnel that is asked for; <see cref="Release"/> gives it back.</summary>
    public ForwardError Reserve()
    {
        if (_drain.IsRefusing)
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
        _open.TryAdd(tunnel, exchange);
        try
        {
            // One that opens while the others are being told is told here.
            if (_drain.IsRefusing || exchange.Destination.IsDrained)
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
        _refusing.Dispose();
        _cutting.Dispose();
        _drains.LimitReached -= CloseTo;
    }

    private void CloseAll()
    {
        foreach (var tunnel in _open.Keys)
        {
            tunnel.Close();
        }
    }

    private void CloseTo(string clusterId, DestinationState destination)
    {
        foreach (var (tunnel, exchange) in _open)
        {
            if (exchange.IsTo(clusterId, destination))
            {
                tunnel.Leave();
            }
        }
    }

    private void Cut()
    {
        foreach (var tunnel in _open.Keys)
        {
            tunnel.Abort(ForwardError.Draining);
        }
    }
}
