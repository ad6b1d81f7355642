using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience.Bulkheads;

/// <summary>How many may wait, for how long, and who is next.</summary>
public sealed class PlaceTermsTests
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(100);

    private readonly FakeTimeProvider _time = new();
    private readonly Bulkhead _bulkhead;

    public PlaceTermsTests() => _bulkhead = new("one", isCluster: true, _time);

    [Theory]
    [InlineData(1, 8)]
    [InlineData(80, 8)]
    [InlineData(300, 30)]
    public void Tenth_of_the_places_may_wait_and_eight_at_least(int limit, int queue)
    {
        Assert.Equal(queue, Terms(new() { Initial = limit, Min = 1 }).MostWaiting);
        Assert.Equal(queue, new PlaceTerms(limit, queue: null, MaxWait).MostWaiting);
    }

    [Fact]
    public void Fixed_number_bounds_the_one_that_moves()
    {
        var terms = Terms(new() { Initial = 20, Max = 1_000 }, ceiling: 5);
        Assert.Equal((5, 5), (terms.Ceiling, terms.Max));
        for (var i = 0; i < 10; i++)
        {
            Window(terms, TimeSpan.FromMilliseconds(10), inFlight: 5);
        }

        Assert.Equal((5, 5), (terms.Max, _bulkhead.Estimator!.Limit));
    }

    [Fact]
    public void Shadow_moves_the_number_and_keeps_the_places()
    {
        var terms = Terms(new() { Mode = PolicyMode.Shadow }, ceiling: 500);
        Window(terms, TimeSpan.FromMilliseconds(10), inFlight: 20);
        Assert.Equal((30, 500), (_bulkhead.Estimator!.Limit, terms.Max));
        Assert.False(terms.WouldRefuse(null, 38));
        Assert.True(terms.WouldRefuse(null, 39));
        Assert.False(Terms(new()).WouldRefuse(null, 1_000));
    }

    // 20 places and 8 to wait, of which two are kept for those under their share.
    [Fact]
    public void Shadow_would_refuse_by_class()
    {
        var terms = new PlaceTerms(500, queue: null, MaxWait, new() { Mode = PolicyMode.Shadow }, _bulkhead, new());
        var (low, high) = (terms.ShareOf(PriorityClass.BestEffort)!, terms.ShareOf(PriorityClass.Critical)!);
        for (var i = 0; i < 26; i++)
        {
            Assert.True(_bulkhead.Requests.TryTake(low, terms.Max));
            Assert.False(terms.WouldRefuse(low, _bulkhead.Requests.Taken));
        }

        Assert.True(_bulkhead.Requests.TryTake(low, terms.Max));
        Assert.True(terms.WouldRefuse(low, _bulkhead.Requests.Taken));
        low.Class.GiveBack();
        Assert.True(_bulkhead.Requests.TryTake(high, terms.Max));
        Assert.False(terms.WouldRefuse(high, _bulkhead.Requests.Taken));
    }

    [Fact]
    public void Off_wants_no_samples()
    {
        var terms = Terms(new() { Mode = PolicyMode.Off });
        Assert.Equal((false, 2_048), (terms.IsSampled, terms.Max));
        Assert.Null(_bulkhead.Estimator);
    }

    [Fact]
    public void Wait_leaves_time_to_be_served()
    {
        var terms = Terms(new());
        Assert.Equal(MaxWait, terms.WaitFor(0, TimeSpan.MaxValue));
        Window(terms, TimeSpan.FromMilliseconds(200), inFlight: 20);
        Assert.Equal(MaxWait, terms.WaitFor(0, TimeSpan.MaxValue));
        Assert.Equal(MaxWait, terms.WaitFor(0, TimeSpan.FromMilliseconds(400)));
        Assert.InRange(terms.WaitFor(0, TimeSpan.FromMilliseconds(250)), TimeSpan.FromMilliseconds(43), TimeSpan.FromMilliseconds(57));
        Assert.True(terms.WaitFor(0, TimeSpan.FromMilliseconds(190)) <= TimeSpan.Zero);
    }

    // 30 places of a second each: one comes free every 33 ms.
    [Fact]
    public void Queue_that_is_too_slow_is_not_joined()
    {
        var terms = Terms(new());
        Window(terms, TimeSpan.FromSeconds(1), inFlight: 20);
        Assert.Equal(30, terms.Max);
        Assert.Equal(MaxWait, terms.WaitFor(2, TimeSpan.MaxValue));
        Assert.Equal(TimeSpan.Zero, terms.WaitFor(4, TimeSpan.MaxValue));
    }

    [Fact]
    public void Without_an_estimate_the_wait_is_as_it_is_set()
    {
        var terms = new PlaceTerms(1, queue: 8, MaxWait);
        Assert.Equal(MaxWait, terms.WaitFor(7, TimeSpan.MaxValue));
        Assert.Equal(TimeSpan.FromMilliseconds(30), terms.WaitFor(0, TimeSpan.FromMilliseconds(30)));
        Assert.False(terms.PrefersNewest(8));
    }

    [Fact]
    public void Newest_is_next_above_half_full()
    {
        var terms = Terms(new());
        Assert.False(terms.PrefersNewest(4));
        Assert.True(terms.PrefersNewest(5));
    }

    [Fact]
    public void Estimate_stays_while_somebody_has_it_and_settings_change()
    {
        var before = Terms(new());
        Window(before, TimeSpan.FromMilliseconds(10), inFlight: 20);
        Assert.Equal(30, Terms(new() { Tolerance = 2 }).Max);
        Assert.Equal(25, Terms(new() { Max = 25 }).Max);
        GC.KeepAlive(before);
    }

    private PlaceTerms Terms(AdaptiveLimit adaptive, int ceiling = 2_048) => new(ceiling, queue: null, MaxWait, adaptive, _bulkhead);

    private void Window(PlaceTerms terms, TimeSpan time, int inFlight)
    {
        for (var i = 0; i < 20; i++)
        {
            terms.Observe(LimitSample.Answer, time, inFlight);
        }

        _time.Advance(LimitEstimator.WindowLength);
        terms.Observe(LimitSample.Answer, time, inFlight);
    }
}
