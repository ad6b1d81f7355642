using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Configuration;

/// <summary>What one gateway measures of its reloads.</summary>
internal sealed class ReloadMeasurements : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _reloads = new();
    private long _revision;

    public ReloadMeasurements(TestHost gateway)
    {
        var scope = gateway.App.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, scope) && instrument.Name.StartsWith("gatewaykit.configuration.", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (instrument.Name == "gatewaykit.configuration.revision")
            {
                _revision = value;
            }
            else
            {
                _reloads.AddOrUpdate((string)tags[0].Value!, value, (_, sum) => sum + value);
            }
        });
        _listener.Start();
    }

    public long this[string outcome] => _reloads.GetValueOrDefault(outcome);

    public long Revision
    {
        get
        {
            _listener.RecordObservableInstruments();
            return _revision;
        }
    }

    public void Dispose() => _listener.Dispose();
}
