using GatewayKit.Lifecycle;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GatewayKit.Tests.Lifecycle;

public sealed class ShutdownCheckTests
{
    private readonly Lines _log = new();

    [Fact]
    public void Deadline_that_the_host_does_not_wait_for_is_told_with_what_to_set()
    {
        Create(shutdown: 30, delay: 5).Look([("short", TimeSpan.FromSeconds(10)), ("orders", TimeSpan.FromSeconds(26)), ("open", Timeout.InfiniteTimeSpan)]);
        var warning = Assert.Single(_log);
        Assert.Equal((LogLevel.Warning, 1612), (warning.Level, warning.Id));
        Assert.Contains("ShutdownTimeout is 00:00:30", warning.Message);
        Assert.Contains("cluster orders", warning.Message);
        Assert.Contains("Set it to 00:00:31 or more", warning.Message);
    }

    [Theory]
    [InlineData(30, 5, 25)]
    [InlineData(30, 5, -1)]
    [InlineData(-1, 600, 600)]
    public void Enough_time_is_no_news(int shutdown, int delay, int total)
    {
        Create(shutdown, delay).Look([("orders", Seconds(total))]);
        Create(shutdown, delay).Look([]);
        Assert.Empty(_log);
    }

    [Fact]
    public void Delay_alone_can_be_too_long()
    {
        Create(shutdown: 3, delay: 5).Look([("orders", Timeout.InfiniteTimeSpan)]);
        Assert.Equal(1613, Assert.Single(_log).Id);
    }

    [Fact]
    public void Reload_tells_only_what_is_new()
    {
        var check = Create(shutdown: 30, delay: 5);
        check.Look([("orders", TimeSpan.FromSeconds(40))]);
        check.Look([("orders", TimeSpan.FromSeconds(40))]);
        Assert.Single(_log);
        check.Look([("orders", TimeSpan.FromSeconds(50))]);
        Assert.Equal(2, _log.Count);
    }

    private static TimeSpan Seconds(int seconds) => seconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);

    private ShutdownCheck Create(int shutdown, int delay)
    {
        var host = Microsoft.Extensions.Options.Options.Create(new HostOptions { ShutdownTimeout = Seconds(shutdown) });
        var options = Microsoft.Extensions.Options.Options.Create(new GatewayOptions { DrainDelay = TimeSpan.FromSeconds(delay) });
        return new(new DrainState(options, host, TimeProvider.System, NullLogger<DrainState>.Instance), host, _log);
    }

    private sealed class Lines : List<(LogLevel Level, int Id, string Message)>, ILogger<ShutdownCheck>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Add((logLevel, eventId.Id, formatter(state, exception)));
    }
}
