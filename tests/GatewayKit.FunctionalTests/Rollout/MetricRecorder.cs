using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Rollout;

/// <summary>Hears what one host counts, and can be waited for.</summary>
internal sealed class MetricRecorder : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Channel<string>> _counts = new();
    private readonly ConcurrentDictionary<string, long> _sums = new();

    /// <param name="app">The host.</param>
    /// <param name="instruments">The instruments that are heard. Default: all of mirrors.</param>
    public MetricRecorder(WebApplication app, params string[] instruments)
    {
        var scope = app.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "GatewayKit" && ReferenceEquals(instrument.Meter.Scope, scope)
                && (instruments.Length == 0 ? instrument.Name.StartsWith("gatewaykit.mirror", StringComparison.Ordinal) : instruments.Contains(instrument.Name)))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var outcome = ValueOf(tags, "gatewaykit.outcome") + (ValueOf(tags, "gatewaykit.reason") is { Length: > 0 } reason ? $" {reason}" : string.Empty);
            _sums.AddOrUpdate($"{instrument.Name} {outcome}".TrimEnd(), value, (_, sum) => sum + value);
            Of(instrument.Name).Writer.TryWrite(outcome);
        });
        _listener.Start();
    }

    /// <summary>Waits for the next count of an instrument.</summary>
    /// <returns>Its outcome, and its reason if it has one.</returns>
    public async Task<string> NextAsync(string instrument)
    {
        using var limit = new CancellationTokenSource(Limit);
        return await Of(instrument).Reader.ReadAsync(limit.Token);
    }

    /// <summary>Waits until an instrument has counted so often.</summary>
    public async Task<IReadOnlyList<string>> NextAsync(string instrument, int count)
    {
        var outcomes = new List<string>();
        while (outcomes.Count < count)
        {
            outcomes.Add(await NextAsync(instrument));
        }

        return outcomes;
    }

    /// <summary>The sum of an instrument, with its outcome and reason behind the name.</summary>
    public long Sum(string name) => _sums.GetValueOrDefault(name);

    public void Dispose() => _listener.Dispose();

    private Channel<string> Of(string instrument) => _counts.GetOrAdd(instrument, static _ => Channel.CreateUnbounded<string>());

    private static string ValueOf(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach (var (key, value) in tags)
        {
            if (key == name)
            {
                return value?.ToString() ?? string.Empty;
            }
        }

        return string.Empty;
    }
}
