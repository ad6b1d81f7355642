using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace GatewayKit.RedisTests.Hosting;

/// <summary>Everything that a host logs, down to the exceptions.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<(int Event, string Text)> _lines = new();

    public IEnumerable<int> Events => _lines.Select(static line => line.Event);

    public override string ToString() => string.Join('\n', _lines.Select(static line => line.Text));

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose()
    {
    }

    private sealed class Logger(LogLines lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines._lines.Enqueue((eventId.Id, $"{formatter(state, exception)} {exception}"));
    }
}
