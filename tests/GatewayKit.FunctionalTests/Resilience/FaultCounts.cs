using System.Diagnostics.Metrics;
using System.Threading.Channels;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>The faults that one gateway has counted, in order.</summary>
internal sealed class FaultCounts : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Channel<string> _counted = Channel.CreateUnbounded<string>();

    public FaultCounts(TestHost gateway)
    {
        var factory = gateway.App.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name is "gatewaykit.fault.injections" && ReferenceEquals(instrument.Meter.Scope, factory))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            var values = tags.ToArray().ToDictionary();
            _counted.Writer.TryWrite($"{values["gatewaykit.fault"]} {values["gatewaykit.outcome"]}");
        });
        _listener.Start();
    }

    public async Task<string> NextAsync() => await _counted.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Takes what was counted since the last call.</summary>
    public string Take()
    {
        var taken = new List<string>();
        while (_counted.Reader.TryRead(out var counted))
        {
            taken.Add(counted);
        }

        return string.Join(", ", taken);
    }

    public void Dispose() => _listener.Dispose();
}
