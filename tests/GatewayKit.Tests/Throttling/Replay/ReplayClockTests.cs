using GatewayKit.Throttling.Replay;

namespace GatewayKit.Tests.Throttling.Replay;

/// <summary>Time as records tell it.</summary>
public sealed class ReplayClockTests
{
    private readonly ReplayClock _clock = new();

    public ReplayClockTests() => _clock.Begin(Replays.Start);

    [Fact]
    public void Dates_and_spans_move_together_and_never_back()
    {
        var started = _clock.GetTimestamp();
        _clock.MoveTo(Replays.Start.AddSeconds(3));
        _clock.MoveTo(Replays.Start.AddSeconds(1));
        Assert.Equal(Replays.Start.AddSeconds(3), _clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(3), _clock.GetElapsedTime(started));
    }

    [Fact]
    public void Spans_begin_small_whatever_the_date_is() => Assert.Equal(TimeSpan.TicksPerSecond, _clock.GetTimestamp());

    [Fact]
    public void Timers_go_off_on_the_way_in_their_order()
    {
        var log = new List<(string, double)>();
        Start("b", 2);
        Start("a", 1);
        Start("c", 2);
        Start("late", 9);
        Start("stopped", 1).Dispose();
        var moved = Start("moved", 1);
        moved.Change(TimeSpan.FromSeconds(1.5), Timeout.InfiniteTimeSpan);
        _clock.MoveTo(Replays.Start.AddSeconds(3));
        Assert.Equal([("a", 1), ("moved", 1.5), ("b", 2), ("c", 2)], log);
        Assert.Equal(Replays.Start.AddSeconds(9), _clock.NextTimer);

        ITimer Start(string name, double seconds) => _clock.CreateDetachedTimer(_ => log.Add((name, (_clock.GetUtcNow() - Replays.Start).TotalSeconds)), null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public void Periodic_timer_goes_on_until_it_is_stopped()
    {
        var count = 0;
        var timer = _clock.CreateDetachedTimer(_ => count++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        _clock.MoveTo(Replays.Start.AddSeconds(6));
        Assert.Equal(3, count);
        timer.Dispose();
        _clock.MoveTo(Replays.Start.AddSeconds(60));
        Assert.Equal(3, count);
    }

    [Fact]
    public async Task Waiting_ends_where_the_clock_is_moved()
    {
        var delay = Task.Delay(TimeSpan.FromSeconds(1), _clock, TestContext.Current.CancellationToken);
        Assert.False(delay.IsCompleted);
        _clock.MoveTo(Replays.Start.AddSeconds(1));
        await delay;
    }
}
