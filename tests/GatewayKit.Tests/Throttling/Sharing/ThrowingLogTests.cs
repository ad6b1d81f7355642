using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling.Sharing;

/// <summary>A log of the host that throws when the store is found to be away.</summary>
public sealed class ThrowingLogTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(1);

    private static readonly ThrottlePolicy Policy = new()
    {
        Limit = 60,
        Window = TimeSpan.FromHours(1),
        Burst = 12,
        Partition = ThrottlePartition.Header("X-Tenant"),
        Sharing = RateSharing.Asynchronous(),
    };

    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryRateStore _store;

    public ThrowingLogTests() => _store = new(_time);

    [Fact]
    public async Task Log_that_throws_does_not_end_the_telling()
    {
        await using var instance = new Instance(_time, _store, Policy, log: new ThrowingLog());
        _store.Failure = new TimeoutException();
        foreach (var tenant in (string[])["x", "y", "z"])
        {
            instance.Take(tenant);
        }

        _time.Advance(Soon);
        Assert.False(instance.Link.IsUp);
        _store.Failure = null;
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
                return _store.Given == 3;
            },
            TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Log_that_throws_does_not_lose_those_that_wait_behind()
    {
        await using var instance = new Instance(_time, _store, Policy, log: new ThrowingLog());
        _store.Failure = new TimeoutException();
        for (var i = 0; i < 200; i++)
        {
            instance.Take($"{i}");
        }

        _time.Advance(Soon);
        Assert.False(instance.Link.IsUp);
        _store.Failure = null;
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
                return _store.Given == 200;
            },
            TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Log_that_throws_is_no_matter_of_the_request_that_finds_the_store_away()
    {
        await using var instance = new Instance(_time, _store, Policy with { Sharing = RateSharing.Synchronous }, log: new ThrowingLog());
        _store.Failure = new TimeoutException();
        Assert.Equal(5, instance.TakeAll(5));
        Assert.False(instance.Link.IsUp);
    }

    private sealed class ThrowingLog : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Error)
            {
                throw new InvalidOperationException();
            }
        }
    }
}
