using System.Collections.Concurrent;
using GatewayKit.Clusters;
using GatewayKit.Lifecycle;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Forwarding;

/// <summary>
/// The event streams that are open, which would go on for ever: when the host or their destination goes, each ends behind a whole event. One that
/// cannot, because its event does not end, is cut shortly before the host gives up.
/// </summary>
internal sealed class EventStreams : IDisposable
{
    private readonly ConcurrentDictionary<EventStream, Exchange> _open = new();
    private readonly DrainState _drain;
    private readonly DestinationDrains _drains;
    private readonly CancellationTokenRegistration _refusing, _cutting;

    public EventStreams(DrainState drain, DestinationDrains drains)
    {
        (_drain, _drains) = (drain, drains);
        _refusing = drain.Refusing.UnsafeRegister(static state => ((EventStreams)state!).EndAll(), this);
        _cutting = drain.Cutting.UnsafeRegister(static state => ((EventStreams)state!).Cut(), this);
        drains.LimitReached += EndThoseTo;
    }

    /// <summary>Whether an answer that names no length is an event stream whose events can be told apart, by the head that the client gets.</summary>
    public static bool Is(HttpResponse response) =>
        LongLived.IsEventStream(response.ContentType) && response.Headers.ContentEncoding.Count == 0;

    /// <summary>Makes a body one that can be asked to end. The caller disposes it.</summary>
    public EventStream Open(Stream source, Exchange exchange)
    {
        var stream = new EventStream(source, exchange.Clock.Token);
        _open.TryAdd(stream, exchange);

        // One that opens while the others are being told is told here.
        if (_drain.IsRefusing || exchange.Destination.IsDrained)
        {
            stream.AskToEnd();
        }

        return stream;
    }

    public void Close(EventStream stream)
    {
        _open.TryRemove(stream, out _);
        stream.Dispose();
    }

    public void Dispose()
    {
        _refusing.Dispose();
        _cutting.Dispose();
        _drains.LimitReached -= EndThoseTo;
    }

    private void EndAll()
    {
        foreach (var stream in _open.Keys)
        {
            stream.AskToEnd();
        }
    }

    private void Cut()
    {
        foreach (var exchange in _open.Values)
        {
            exchange.Cut();
        }
    }

    private void EndThoseTo(string clusterId, DestinationState destination)
    {
        foreach (var (stream, exchange) in _open)
        {
            if (exchange.IsTo(clusterId, destination))
            {
                stream.AskToEnd();
            }
        }
    }
}
