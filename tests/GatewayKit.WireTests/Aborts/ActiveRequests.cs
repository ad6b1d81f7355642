using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.WireTests.Upstreams;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.WireTests.Aborts;

/// <summary>What <c>gatewaykit.forward.active</c> of one gateway says.</summary>
internal sealed class ActiveRequests : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _count;
    private long _most;

    public ActiveRequests(RecordingGateway gateway)
    {
        var meter = gateway.Services.GetRequiredService<GatewayMeter>().Meter;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter && instrument.Name == "gatewaykit.forward.active")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, change, _, _) =>
        {
            if (Interlocked.Add(ref _count, change) > 0)
            {
                Interlocked.Exchange(ref _most, 1);
            }
        });
        _listener.Start();
    }

    public long Count => Interlocked.Read(ref _count);

    /// <summary>Whether there was ever one.</summary>
    public bool WasUsed => Interlocked.Read(ref _most) != 0;

    public void Dispose() => _listener.Dispose();
}
