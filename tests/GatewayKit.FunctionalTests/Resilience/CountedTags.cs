using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>What a counter of one host was told, each time.</summary>
internal sealed class CountedTags : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<IReadOnlyDictionary<string, object?>> _counts = [];

    public CountedTags(TestHost host, string instrument)
    {
        var scope = host.App.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (published, listener) =>
        {
            if (published.Name == instrument && ReferenceEquals(published.Meter.Scope, scope))
            {
                listener.EnableMeasurementEvents(published);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => _counts.Enqueue(new Dictionary<string, object?>(tags.ToArray())));
        _listener.Start();
    }

    /// <summary>The values of a tag; of counts without it <see langword="null"/>.</summary>
    public IReadOnlyList<object?> Of(string tag) => [.. _counts.Select(count => count.GetValueOrDefault(tag))];

    public void Dispose() => _listener.Dispose();
}
