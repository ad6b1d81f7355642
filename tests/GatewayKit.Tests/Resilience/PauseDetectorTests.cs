using GatewayKit.Resilience;
using Microsoft.Extensions.Logging.Abstractions;

namespace GatewayKit.Tests.Resilience;

public sealed class PauseDetectorTests : IDisposable
{
    private readonly StoppableTime _time = new();
    private readonly PauseDetector _pauses;

    public PauseDetectorTests() => _pauses = new(_time, NullLogger<PauseDetector>.Instance);

    [Fact]
    public async Task Time_that_the_process_stood_still_is_covered()
    {
        await StartAsync();
        var before = _time.GetTimestamp();
        _time.Run(TimeSpan.FromSeconds(2));
        var begin = _time.GetTimestamp();
        _time.StandStill(TimeSpan.FromSeconds(5));
        var end = _time.GetTimestamp();
        _time.Tick();
        _time.Run(TimeSpan.FromSeconds(2));
        Assert.True(_pauses.Covers(begin, end));
        Assert.True(_pauses.Covers(before, _time.GetTimestamp()));
        Assert.False(_pauses.Covers(before, begin));
        Assert.False(_pauses.Covers(end, _time.GetTimestamp()));
    }

    [Fact]
    public async Task Timeout_that_is_due_before_the_ticker_sees_the_pause_too()
    {
        await StartAsync();
        _time.Run(TimeSpan.FromSeconds(1));
        var begin = _time.GetTimestamp();
        _time.StandStill(TimeSpan.FromSeconds(5));
        Assert.True(_pauses.Covers(begin, _time.GetTimestamp()));
    }

    [Fact]
    public async Task Asking_does_not_hide_that_the_ticker_is_late()
    {
        await StartAsync();
        var begin = _time.GetTimestamp();
        for (var i = 0; i < 6; i++)
        {
            // Without a free thread the ticker waits while one request after the other fails and asks.
            _time.StandStill(TimeSpan.FromMilliseconds(300));
            _pauses.Covers(begin, _time.GetTimestamp());
        }

        Assert.True(_pauses.Covers(begin, _time.GetTimestamp()));
    }

    [Theory]
    [InlineData(1_250, false)]
    [InlineData(1_251, true)]
    public async Task Ticker_may_be_late_for_a_second(int milliseconds, bool isPause)
    {
        await StartAsync();
        var begin = _time.GetTimestamp();
        _time.StandStill(TimeSpan.FromMilliseconds(milliseconds));
        _time.Tick();
        Assert.Equal(isPause, _pauses.Covers(begin, _time.GetTimestamp()));
    }

    [Fact]
    public async Task Old_pauses_are_forgotten_for_new_ones()
    {
        await StartAsync();
        var begin = _time.GetTimestamp();
        for (var i = 0; i < 40; i++)
        {
            _time.StandStill(TimeSpan.FromSeconds(2));
            _time.Tick();
        }

        Assert.False(_pauses.Covers(begin, begin + 1));
        Assert.True(_pauses.Covers(_time.GetTimestamp() - 1, _time.GetTimestamp()));
    }

    [Fact]
    public async Task Stopped_or_never_started_it_tells_of_nothing()
    {
        var begin = _time.GetTimestamp();
        _time.StandStill(TimeSpan.FromSeconds(5));
        Assert.False(_pauses.Covers(begin, _time.GetTimestamp()));
        await StartAsync();
        await _pauses.StopAsync(TestContext.Current.CancellationToken);
        _time.StandStill(TimeSpan.FromSeconds(5));
        Assert.False(_pauses.Covers(begin, _time.GetTimestamp()));
        Assert.True(_time.IsTimerDisposed);
    }

    public void Dispose() => _pauses.Dispose();

    private Task StartAsync() => _pauses.StartAsync(TestContext.Current.CancellationToken);

    /// <summary>A clock whose timer can miss its time, as all do while a process is stopped.</summary>
    private sealed class StoppableTime : TimeProvider
    {
        private TimeSpan _now = TimeSpan.FromDays(1);
        private TimerCallback? _callback;
        private object? _state;

        public bool IsTimerDisposed { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, _state) = (callback, state);
            return new Handle(this);
        }

        public void Run(TimeSpan length)
        {
            for (var passed = TimeSpan.Zero; passed < length; passed += TimeSpan.FromMilliseconds(250))
            {
                StandStill(TimeSpan.FromMilliseconds(250));
                Tick();
            }
        }

        public void StandStill(TimeSpan length) => _now += length;

        public void Tick() => _callback!(_state);

        private sealed class Handle(StoppableTime time) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() => time.IsTimerDisposed = true;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
