using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Journal;

/// <summary>The log of the host for whoever may not fail by it: a provider whose own disk is full says nothing to the journal.</summary>
internal sealed class QuietLogger(ILogger inner) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return inner.IsEnabled(logLevel);
        }
#pragma warning disable CA1031 // That is what it is for.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
#pragma warning disable CA1031 // That is what it is for.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }
}
