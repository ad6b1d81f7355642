using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>Counts how policies and their candidates decided on one gateway, from its metric.</summary>
internal sealed class CandidateTable : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _counts = new();
    private readonly MeterListener _listener = new();

    public CandidateTable(TestHost gateway)
    {
        _listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "gatewaykit.policy.candidates" && ReferenceEquals(instrument.Meter, gateway.App.Services.GetRequiredService<GatewayMeter>().Meter))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, measurement, tags, _) =>
        {
            var values = tags.ToArray().ToDictionary();
            _counts.AddOrUpdate(
                $"{values["gatewaykit.route"]} {values["gatewaykit.policy"]} {values["gatewaykit.live"]}/{values["gatewaykit.candidate"]}", measurement, (_, known) => known + measurement);
        });
        _listener.Start();
    }

    /// <summary>Such as <c>orders Throttle allowed/refused 3</c>, in alphabetical order.</summary>
    public IEnumerable<string> Rows => _counts.Select(static count => $"{count.Key} {count.Value}").Order(StringComparer.Ordinal);

    public void Dispose() => _listener.Dispose();
}
