using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Forwarding.Attempts;

/// <summary>The decisions about retries, or hedges, that one gateway has counted, in order.</summary>
internal sealed class RetryDecisions : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<string> _outcomes = new();

    public RetryDecisions(TestHost gateway, string counter = "gatewaykit.retry.decisions")
    {
        var factory = gateway.App.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == counter && ReferenceEquals(instrument.Meter.Scope, factory))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            foreach (var tag in tags)
            {
                if (tag.Key is "gatewaykit.outcome")
                {
                    _outcomes.Enqueue((string)tag.Value!);
                }
            }
        });
        _listener.Start();
    }

    public bool IsEmpty => _outcomes.IsEmpty;

    /// <summary>Takes what was counted since the last call.</summary>
    public string Take()
    {
        var taken = new List<string>();
        while (_outcomes.TryDequeue(out var outcome))
        {
            taken.Add(outcome);
        }

        return string.Join(", ", taken);
    }

    public void Dispose() => _listener.Dispose();
}
