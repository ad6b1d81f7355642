using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Tests.Resilience.Model;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience;

public sealed class CircuitBreakerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<CircuitChange> _changes = [];

    [Fact]
    public void Half_of_twenty_results_open_it()
    {
        var breaker = Create();
        Call(breaker, CallResult.Success, 10);
        Call(breaker, CallResult.Failure, 4);
        Call(breaker, CallResult.Success, 1);
        Call(breaker, CallResult.Failure, 4);
        Assert.Equal(CircuitState.Closed, breaker.State);
        Call(breaker, CallResult.Success, 1);
        Assert.Equal(CircuitState.Closed, breaker.State);
        Call(breaker, CallResult.Failure, 4);
        Assert.Equal(new CircuitChange(CircuitState.Closed, CircuitState.Open, "failure-share", 24, 12, breaker.RetryAfter), Assert.Single(_changes));
    }

    [Fact]
    public void Result_that_completes_the_minimum_may_be_a_success()
    {
        var breaker = Create(new() { FailuresInARow = 0 });
        Call(breaker, CallResult.Failure, 10);
        Call(breaker, CallResult.Success, 9);
        Assert.Equal(CircuitState.Closed, breaker.State);
        Call(breaker, CallResult.Success, 1);
        Assert.Equal(CircuitState.Open, breaker.State);
    }

    [Fact]
    public void Five_failures_in_a_row_open_it_while_there_is_little_traffic()
    {
        var breaker = Create();
        for (var i = 0; i < 4; i++)
        {
            Call(breaker, CallResult.Failure);
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(CircuitState.Closed, breaker.State);
        Call(breaker, CallResult.Failure);
        Assert.Equal("failures-in-a-row", Assert.Single(_changes).Reason);
    }

    [Fact]
    public void Thirty_percent_of_much_traffic_never_open_it_however_they_fall()
    {
        var random = new Random(20261128);
        var breaker = Create();
        Call(breaker, CallResult.Success, 20);
        for (var i = 0; i < 200_000; i++)
        {
            Call(breaker, random.NextDouble() < 0.3 ? CallResult.Failure : CallResult.Success);
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Empty(_changes);
    }

    [Fact]
    public void Results_older_than_the_window_do_not_count()
    {
        var breaker = Create(new() { FailuresInARow = 0 });
        Call(breaker, CallResult.Failure, 19);
        _time.Advance(TimeSpan.FromSeconds(11));
        Call(breaker, CallResult.Failure, 19);
        Assert.Equal(CircuitState.Closed, breaker.State);
    }

    [Fact]
    public void Slow_calls_open_it_where_slowness_is_defined()
    {
        var breaker = Create(new() { SlowCall = TimeSpan.FromSeconds(1) });
        Call(breaker, CallResult.Success, 4);
        Call(breaker, CallResult.Success, 15, TimeSpan.FromSeconds(1));
        Assert.Equal(CircuitState.Closed, breaker.State);
        Call(breaker, CallResult.Success, 1, TimeSpan.FromSeconds(1));
        Assert.Equal("slow-share", Assert.Single(_changes).Reason);
    }

    [Fact]
    public void Open_it_lets_nothing_through_and_says_for_how_long()
    {
        var breaker = Create();
        Call(breaker, CallResult.Failure, 5);
        Assert.False(breaker.TryEnter(out _));
        Assert.Equal(TimeSpan.FromSeconds(5), breaker.RetryAfter);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(breaker.TryEnter(out _));
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(breaker.TryEnter(out var permit));
        Assert.True(permit.IsProbe);
    }

    [Fact]
    public void It_stays_open_longer_each_time_up_to_a_limit_and_starts_over_after_five_good_minutes()
    {
        var breaker = Create();
        Call(breaker, CallResult.Failure, 5);
        foreach (var seconds in new[] { 5, 10, 20, 40, 60, 60 })
        {
            Assert.Equal(seconds, breaker.RetryAfter.TotalSeconds, 3);
            _time.Advance(breaker.RetryAfter);
            Call(breaker, CallResult.Failure);
        }

        Recover(breaker);
        _time.Advance(TimeSpan.FromMinutes(5));
        Call(breaker, CallResult.Failure, 5);
        Assert.Equal(5, breaker.RetryAfter.TotalSeconds, 3);
    }

    [Theory]
    [InlineData(0.0, 4)]
    [InlineData(1.0, 6)]
    public void Time_it_stays_open_is_drawn_within_a_fifth(double draw, int seconds)
    {
        var breaker = new CircuitBreaker(new(), _time, () => draw);
        Call(breaker, CallResult.Failure, 5);
        Assert.Equal(seconds, breaker.RetryAfter.TotalSeconds, 3);
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(30, 30)]
    [InlineData(86_400, 60)]
    public void Retry_after_makes_it_longer_and_never_shorter(int asked, int seconds)
    {
        var breaker = Create();
        Call(breaker, CallResult.Failure, 4);
        Assert.True(breaker.TryEnter(out var permit));
        breaker.Leave(permit, CallResult.Failure, TimeSpan.Zero, TimeSpan.FromSeconds(asked));
        Assert.Equal(seconds, breaker.RetryAfter.TotalSeconds, 3);
    }

    [Fact]
    public void At_most_three_probes_are_under_way_and_each_gives_its_place_back()
    {
        var breaker = HalfOpen();
        var permits = Enumerable.Range(0, 3).Select(_ => Enter(breaker)).ToArray();
        Assert.False(breaker.TryEnter(out _));
        breaker.Leave(permits[0], CallResult.Neutral, TimeSpan.Zero);
        permits[0] = Enter(breaker);
        Assert.False(breaker.TryEnter(out _));
        breaker.Leave(permits[0], CallResult.Success, TimeSpan.Zero);
        Assert.True(breaker.TryEnter(out _));
        Assert.Equal(CircuitState.HalfOpen, breaker.State);
    }

    [Fact]
    public void Cancelled_probe_closes_nothing()
    {
        var breaker = HalfOpen();
        for (var i = 0; i < 100; i++)
        {
            Call(breaker, CallResult.Neutral);
        }

        Assert.Equal(CircuitState.HalfOpen, breaker.State);
    }

    [Fact]
    public void Late_success_from_before_the_break_changes_nothing()
    {
        var breaker = Create();
        var late = Enumerable.Range(0, 10).Select(_ => Enter(breaker)).ToArray();
        Call(breaker, CallResult.Failure, 5);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(CircuitState.HalfOpen, breaker.State);
        foreach (var permit in late)
        {
            breaker.Leave(permit, CallResult.Success, TimeSpan.Zero);
        }

        Assert.Equal(CircuitState.HalfOpen, breaker.State);
        foreach (var permit in late)
        {
            breaker.Leave(permit, CallResult.Failure, TimeSpan.Zero);
        }

        Assert.Equal(CircuitState.HalfOpen, breaker.State);
    }

    [Fact]
    public void One_failed_probe_opens_it_again()
    {
        var breaker = HalfOpen();
        Call(breaker, CallResult.Success, 2);
        Call(breaker, CallResult.Failure);
        Assert.Equal(CircuitState.Open, breaker.State);
    }

    [Fact]
    public void Probe_that_takes_too_long_opens_it_again()
    {
        var breaker = Create(new() { SlowCall = TimeSpan.FromSeconds(1) });
        Open(breaker);
        _time.Advance(TimeSpan.FromSeconds(5));
        Call(breaker, CallResult.Success, 2);
        Call(breaker, CallResult.Success, 1, TimeSpan.FromSeconds(1));
        Assert.Equal("probe-slow", _changes[^1].Reason);
    }

    [Fact]
    public void It_was_closed_since_its_recovery_ended_whoever_looks_when()
    {
        var breaker = HalfOpen();
        Call(breaker, CallResult.Success, 3);
        _time.Advance(TimeSpan.FromSeconds(10) + TimeSpan.FromMinutes(5));
        Call(breaker, CallResult.Failure, 5);
        Assert.Equal(5, breaker.RetryAfter.TotalSeconds, 3);
    }

    [Fact]
    public void Result_of_the_recovery_that_comes_after_it_changes_nothing()
    {
        var breaker = Create(new() { MinResults = 1, FailurePercent = 1 });
        Open(breaker);
        _time.Advance(TimeSpan.FromSeconds(5));
        Call(breaker, CallResult.Success, 3);
        Assert.Equal(CircuitState.Recovering, breaker.State);
        var permit = Enter(breaker);
        _time.Advance(TimeSpan.FromSeconds(10));
        breaker.Leave(permit, CallResult.Failure, TimeSpan.Zero);
        Assert.Equal(CircuitState.Closed, breaker.State);
    }

    [Fact]
    public void Call_that_shadow_spared_is_not_looked_at()
    {
        var breaker = Create(new() { Mode = PolicyMode.Shadow });
        Assert.NotEqual(default, Enter(breaker));
        Call(breaker, CallResult.Failure, 5);
        Assert.Equal(default, Enter(breaker));
    }

    [Fact]
    public void Share_climbs_from_a_tenth_to_all_and_then_it_is_closed()
    {
        var breaker = HalfOpen();
        Call(breaker, CallResult.Success, 3);
        Assert.Equal(CircuitState.Recovering, breaker.State);
        var shares = new List<double>();
        while (breaker.State is CircuitState.Recovering)
        {
            shares.Add(breaker.Share);
            _time.Advance(_time.GetElapsedTime(_time.GetTimestamp(), breaker.NextChange));
        }

        Assert.Equal([0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], shares.Select(static share => Math.Round(share, 3)));
        Assert.Equal((CircuitState.Closed, 1.0), (breaker.State, breaker.Share));
    }

    [Fact]
    public void Only_one_there_is_gets_a_share_of_the_calls_while_it_recovers()
    {
        var draw = 0.5;
        var breaker = new CircuitBreaker(new(), _time, () => draw);
        Open(breaker);
        _time.Advance(TimeSpan.FromSeconds(10));
        Call(breaker, CallResult.Success, 3);
        Assert.False(breaker.TryEnter(out _, isOnly: true));
        Assert.True(breaker.TryEnter(out _, isOnly: false));
        draw = 0.05;
        Assert.True(breaker.TryEnter(out _, isOnly: true));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Wall_clock_that_is_set_changes_nothing(int hours)
    {
        var time = new SteppedTime();
        var breaker = new CircuitBreaker(new(), time, static () => 0.5);
        Open(breaker);
        time.SetWallClock(TimeSpan.FromHours(hours));
        Assert.Equal(CircuitState.Open, breaker.State);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(CircuitState.HalfOpen, breaker.State);
    }

    [Fact]
    public void In_shadow_it_goes_through_its_states_and_stops_nothing()
    {
        var breaker = Create(new() { Mode = PolicyMode.Shadow });
        Call(breaker, CallResult.Failure, 5);
        Assert.Equal(CircuitState.Open, breaker.State);
        Call(breaker, CallResult.Failure, 100);
        Assert.Equal((CircuitState.Open, 1.0), (breaker.State, breaker.Share));
        _time.Advance(TimeSpan.FromSeconds(5));
        Call(breaker, CallResult.Success, 3);
        Assert.Equal(CircuitState.Recovering, breaker.State);
    }

    [Fact]
    public void Switched_off_it_opens_only_by_order()
    {
        var breaker = Create(new() { Mode = PolicyMode.Off });
        Call(breaker, CallResult.Failure, 100);
        Assert.Empty(_changes);
        breaker.Trip("outlier", 20, 19);
        Assert.False(breaker.TryEnter(out _));
        _time.Advance(TimeSpan.FromSeconds(5));
        Call(breaker, CallResult.Success, 3);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(CircuitState.Closed, breaker.State);
    }

    [Fact]
    public void Isolated_it_waits_for_a_word()
    {
        var breaker = Create();
        breaker.Isolate();
        _time.Advance(TimeSpan.FromDays(1));
        Assert.False(breaker.TryEnter(out _));
        breaker.Close();
        Assert.True(breaker.TryEnter(out _));
        Assert.Equal(["isolated", "closed"], _changes.Select(static change => change.Reason));
    }

    [Fact]
    public void Sign_of_health_makes_it_half_open_and_never_closed()
    {
        var breaker = Create();
        Open(breaker);
        breaker.ProbeEarly();
        Assert.Equal(CircuitState.HalfOpen, breaker.State);
        breaker.ProbeEarly();
        Assert.Equal(CircuitState.HalfOpen, breaker.State);
    }

    private CircuitBreaker Create(CircuitBreakerPolicy? policy = null) => new(policy ?? new(), _time, static () => 0.5, _changes.Add);

    private CircuitBreaker HalfOpen()
    {
        var breaker = Create();
        Open(breaker);
        _time.Advance(TimeSpan.FromSeconds(5));
        return breaker;
    }

    private static void Open(CircuitBreaker breaker) => Call(breaker, CallResult.Failure, 5);

    private void Recover(CircuitBreaker breaker)
    {
        _time.Advance(breaker.RetryAfter);
        Call(breaker, CallResult.Success, 3);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(CircuitState.Closed, breaker.State);
    }

    private static CircuitPermit Enter(CircuitBreaker breaker)
    {
        Assert.True(breaker.TryEnter(out var permit));
        return permit;
    }

    private static void Call(CircuitBreaker breaker, CallResult result, int times = 1, TimeSpan elapsed = default)
    {
        for (var i = 0; i < times; i++)
        {
            if (breaker.TryEnter(out var permit))
            {
                breaker.Leave(permit, result, elapsed);
            }
        }
    }
}
