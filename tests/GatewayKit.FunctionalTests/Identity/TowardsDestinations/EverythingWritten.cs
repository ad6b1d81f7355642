using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Identity.TowardsDestinations;

/// <summary>Everything that can be written is written here: logs of all levels with their scopes and exceptions, tags of all metrics, dumps of what is in force.</summary>
internal sealed class EverythingWritten : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _written = new();
    private readonly MeterListener _meters = new();

    public EverythingWritten()
    {
        _meters.InstrumentPublished = static (instrument, listener) => listener.EnableMeasurementEvents(instrument);
        _meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(instrument, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
        _meters.Start();
    }

    public void Add(string text) => _written.Enqueue(text);

    /// <summary>All but what the framework's own log of requests says, which writes addresses as they came.</summary>
    public string WithoutRequestLog => string.Join('\n', _written.Where(static text => !text.StartsWith("Microsoft.AspNetCore.Hosting.Diagnostics ", StringComparison.Ordinal)));

    /// <summary>All of it.</summary>
    /// <param name="services">Of the host that is dumped.</param>
    public string ToText(IServiceProvider services)
    {
        var inspector = services.GetRequiredService<GatewayInspector>();
        Add(services.GetRequiredService<GatewayConfigurationWriter>().Write(services.GetRequiredService<GatewayConfigurator>().Current, includeDefaults: true));
        Add(inspector.Describe(verbose: true));
        foreach (var pipeline in inspector.Pipelines)
        {
            Add(pipeline.ToString() ?? string.Empty);
            foreach (var step in pipeline.Steps)
            {
                Add($"{step} {step.Policy}");
            }
        }

        return string.Join('\n', _written);
    }

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _written);

    public void Dispose() => _meters.Dispose();

    private void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder(instrument.Name);
        foreach (var (key, value) in tags)
        {
            text.Append(' ').Append(key).Append('=').Append(value);
        }

        Add(text.ToString());
    }

    private sealed class Logger(string category, ConcurrentQueue<string> written) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            written.Enqueue($"{category} scope {state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            written.Enqueue($"{category} {eventId} {formatter(state, exception)} {exception}");
    }
}
