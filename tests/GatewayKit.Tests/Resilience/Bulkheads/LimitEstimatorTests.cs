using GatewayKit.Resilience.Bulkheads;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience.Bulkheads;

public sealed class LimitEstimatorTests
{
    private static readonly AdaptiveLimit Settings = new();

    private readonly FakeTimeProvider _time = new();
    private readonly LimitEstimator _estimator;

    public LimitEstimatorTests() => _estimator = new(Settings.Initial, _time);

    [Fact]
    public void Begins_with_what_it_is_told() => Assert.Equal((20, 0), (_estimator.LimitFor(Settings), _estimator.Normal.Ticks));

    [Fact]
    public void Window_closes_when_it_is_long_enough_and_full_enough()
    {
        Answers(200, inFlight: 20);
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Answers(1, inFlight: 20);
        Assert.Equal(20, _estimator.Limit);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Answers(1, inFlight: 20);
        Assert.Equal(30, _estimator.Limit);

        Answers(1, inFlight: 30);
        _time.Advance(TimeSpan.FromMinutes(10));
        Answers(14, inFlight: 30);
        Assert.Equal(30, _estimator.Limit);
        Answers(1, inFlight: 30);
        Assert.Equal(45, _estimator.Limit);
    }

    [Fact]
    public void Grows_by_half_until_it_meets_a_queue_and_then_by_the_root()
    {
        Window(100, inFlight: 20);
        Window(100, inFlight: 30);
        Assert.Equal(45, _estimator.Limit);
        Window(400, inFlight: 45);
        var after = _estimator.Limit;
        Assert.InRange(after, 40, 44);
        Window(100, inFlight: after);
        Assert.Equal(after + (int)Math.Ceiling(Math.Sqrt(after)), _estimator.Limit);
    }

    // Within the tolerance, but near its end.
    [Fact]
    public void Grows_carefully_where_a_queue_may_be_near()
    {
        Window(100, inFlight: 20);
        Window(130, inFlight: 30);
        Assert.Equal(31, _estimator.Limit);
    }

    [Fact]
    public void Stays_where_it_is_while_callers_want_no_more()
    {
        Window(100, inFlight: 20);
        for (var i = 0; i < 20; i++)
        {
            Window(100, inFlight: 14);
        }

        Assert.Equal(30, _estimator.Limit);
    }

    [Fact]
    public void Gives_up_what_nobody_uses_when_answers_get_slower_but_never_what_it_began_with()
    {
        for (var i = 0; i < 8; i++)
        {
            Window(100, inFlight: 1_000);
        }

        Assert.InRange(_estimator.Limit, 400, 1_000);
        Window(1_000, inFlight: 30);
        Assert.Equal(60, _estimator.Limit);
        Window(1_000, inFlight: 3);
        Assert.Equal(20, _estimator.Limit);
    }

    [Fact]
    public void Shrinks_by_a_tenth_at_most_however_slow_answers_get()
    {
        Window(100, inFlight: 20);
        Window(100_000, inFlight: 30);
        Assert.Equal(27, _estimator.Limit);
        for (var i = 0; i < 100; i++)
        {
            var before = _estimator.Limit;
            Window(100_000, inFlight: before);
            Assert.InRange(_estimator.Limit, (int)(before * 0.9), before);
        }

        Assert.Equal(2, _estimator.Limit);
    }

    // Half as slow again as is tolerated: a fifth of a third less, a fifth of the root more.
    [Fact]
    public void Shrinks_in_the_proportion_of_the_gradient()
    {
        for (var i = 0; i < 8; i++)
        {
            Window(100, inFlight: 1_000);
        }

        var before = _estimator.Limit;
        Window(225, inFlight: before);
        Assert.InRange(_estimator.Limit, (before * (1 - (0.2 / 3))) - 5 + 2, (before * (1 - (0.2 / 3))) + 5 + 6);
    }

    [Fact]
    public void Drops_take_a_tenth_once_in_a_window()
    {
        Window(100, inFlight: 20);
        Drops(40, inFlight: 30);
        _time.Advance(LimitEstimator.WindowLength);
        Drops(1, inFlight: 30);
        Assert.Equal(27, _estimator.Limit);
        Assert.Equal(41, _estimator.Dropped);
    }

    [Fact]
    public void Drop_among_hundreds_of_answers_says_nothing_of_capacity()
    {
        Drops(5, inFlight: 20);
        Answers(95, inFlight: 20);
        _time.Advance(LimitEstimator.WindowLength);
        Answers(1, inFlight: 20);
        Assert.Equal(30, _estimator.Limit);

        Drops(6, inFlight: 30);
        Answers(94, inFlight: 30);
        _time.Advance(LimitEstimator.WindowLength);
        Answers(1, inFlight: 30);
        Assert.Equal(27, _estimator.Limit);
    }

    [Fact]
    public void Learns_a_quarter_of_what_it_sees_while_it_sheds()
    {
        for (var i = 0; i < 10; i++)
        {
            Window(100, inFlight: 1);
        }

        var normal = _estimator.Normal.TotalMilliseconds;
        Assert.InRange(normal, 97, 103);
        Window(140, inFlight: 1);
        var calm = _estimator.Normal.TotalMilliseconds - normal;
        Assert.InRange(calm, 40 * (2.0 / 601) * 0.9, 40 * (2.0 / 601) * 1.15);
        normal = _estimator.Normal.TotalMilliseconds;
        Window(180, inFlight: 1);
        var shedding = _estimator.Normal.TotalMilliseconds - normal;
        Assert.InRange(shedding, 80 * (2.0 / 601) * 0.25 * 0.9, 80 * (2.0 / 601) * 0.25 * 1.15);
    }

    [Fact]
    public void Forgets_soon_what_it_learnt_in_trouble()
    {
        for (var i = 0; i < 10; i++)
        {
            Window(1_000, inFlight: 1);
        }

        for (var i = 0; i < 40; i++)
        {
            Window(100, inFlight: 1);
        }

        Assert.InRange(_estimator.Normal.TotalMilliseconds, 100, 206);
    }

    [Fact]
    public void Target_stands_in_for_what_would_be_learnt()
    {
        var settings = Settings with { TargetLatency = TimeSpan.FromMilliseconds(100) };
        for (var i = 0; i < 40; i++)
        {
            Window(1_000, inFlight: 1_000, settings);
        }

        Assert.InRange(_estimator.LimitFor(settings), 2, 4);
    }

    [Fact]
    public void Returns_to_what_it_began_with_when_trouble_is_over_though_nobody_presses()
    {
        for (var i = 0; i < 60; i++)
        {
            Drops(16, inFlight: 1);
            _time.Advance(LimitEstimator.WindowLength);
            Drops(1, inFlight: 1);
        }

        Assert.Equal(2, _estimator.Limit);
        for (var i = 0; i < 10; i++)
        {
            Window(100, inFlight: 1);
        }

        Assert.InRange(_estimator.Limit, 20, 25);
    }

    [Fact]
    public void What_says_nothing_is_no_sample()
    {
        for (var i = 0; i < 100; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            _estimator.Observe(Settings, LimitSample.None, TimeSpan.FromSeconds(1), 20);
            _estimator.Observe(Settings, LimitSample.Answer, headTime: null, 20);
        }

        Assert.Equal((20, 0L, 0L), (_estimator.Limit, _estimator.Answered, _estimator.Dropped));
    }

    // Whatever comes, whoever asks: within the bounds of who asks, and a number.
    [Fact]
    public void Limit_is_always_within_its_bounds()
    {
        var random = new Random(11);
        for (var round = 0; round < 200; round++)
        {
            var min = random.Next(1, 50);
            var max = random.Next(min, 2_000);
            var settings = new AdaptiveLimit
            {
                Min = min, Max = max, Initial = random.Next(min, max + 1), Tolerance = 1 + (9 * random.NextDouble()),
                TargetLatency = random.Next(2) == 0 ? null : TimeSpan.FromMilliseconds(random.Next(1, 1_000)),
            };
            for (var i = 0; i < 1_000; i++)
            {
                var sample = (LimitSample)random.Next(3);
                _estimator.Observe(settings, sample, TimeSpan.FromMicroseconds(Math.Exp(25 * random.NextDouble()) - 1), random.Next(0, 3_000));
                _time.Advance(TimeSpan.FromMilliseconds(random.Next(0, 100)));
                Assert.InRange(_estimator.LimitFor(settings), min, max);
            }
        }

        Assert.InRange(_estimator.Dropped, 60_000, 75_000);
    }

    private void Window(double milliseconds, int inFlight, AdaptiveLimit? settings = null)
    {
        Answers(20, inFlight, milliseconds, settings);
        _time.Advance(LimitEstimator.WindowLength);
        Answers(1, inFlight, milliseconds, settings);
    }

    private void Answers(int count, int inFlight, double milliseconds = 100, AdaptiveLimit? settings = null)
    {
        for (var i = 0; i < count; i++)
        {
            _estimator.Observe(settings ?? Settings, LimitSample.Answer, TimeSpan.FromMilliseconds(milliseconds), inFlight);
        }
    }

    private void Drops(int count, int inFlight)
    {
        for (var i = 0; i < count; i++)
        {
            _estimator.Observe(Settings, LimitSample.Drop, headTime: null, inFlight);
        }
    }
}
