using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Hosting;

/// <summary>Keeps what a host logs.</summary>
internal sealed class LogRecorder : ILoggerProvider
{
    private readonly ConcurrentQueue<LogEntry> _entries = new();

    /// <summary>Takes the entries with an event id, oldest first, and forgets all.</summary>
    public IReadOnlyList<LogEntry> Take(int eventId)
    {
        var entries = _entries.Where(entry => entry.EventId == eventId).ToArray();
        _entries.Clear();
        return entries;
    }

    /// <summary>All that is kept.</summary>
    public IReadOnlyCollection<LogEntry> All => _entries;

    public ILogger CreateLogger(string categoryName) => new Logger(_entries);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<LogEntry> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            entries.Enqueue(new(logLevel, eventId.Id, formatter(state, exception)));
    }
}

internal sealed record LogEntry(LogLevel Level, int EventId, string Message);
