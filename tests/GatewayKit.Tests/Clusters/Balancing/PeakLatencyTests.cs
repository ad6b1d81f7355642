using GatewayKit.Clusters;
using GatewayKit.Clusters.Balancing;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Clusters.Balancing;

public sealed class PeakLatencyTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly PeakLatency _latency;

    public PeakLatencyTests() => _latency = new(_time);

    private double Milliseconds => _latency.Estimate(_time.GetTimestamp()) * 1_000;

    [Fact]
    public void Unknown_is_ten_milliseconds() => Assert.Equal(10, Milliseconds, 0.001);

    [Fact]
    public void Longer_time_counts_at_once()
    {
        Observe(200);
        Assert.Equal(200, Milliseconds, 0.001);
        Observe(300);
        Assert.Equal(300, Milliseconds, 0.001);
    }

    [Fact]
    public void Shorter_time_moves_the_mean_by_how_long_ago_the_last_one_was()
    {
        Observe(200);
        Observe(100);
        Assert.Equal(200, Milliseconds, 0.001);
        _time.Advance(TimeSpan.FromSeconds(10));
        Observe(100);
        Assert.Equal((200 * Math.Exp(-1)) + (100 * (1 - Math.Exp(-1))), Milliseconds, 0.001);
    }

    [Fact]
    public void Slow_one_that_nobody_asks_fades()
    {
        Observe(1_000);
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(1_000 * Math.Exp(-2), Milliseconds, 0.001);
        _time.Advance(TimeSpan.FromDays(30));
        Assert.InRange(Milliseconds, 0, 0.001);
    }

    [Fact]
    public void Fast_error_counts_as_what_is_rarely_exceeded()
    {
        for (var i = 0; i < 5_000; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            Observe(i % 50 == 0 ? 400 : 20);
        }

        _time.Advance(TimeSpan.FromSeconds(30));
        Observe(20);
        Observe(1, isError: true);
        Assert.InRange(Milliseconds, 200, 800);
    }

    [Fact]
    public void Error_before_any_answer_counts_as_a_second()
    {
        Observe(1, isError: true);
        Assert.Equal(1_000, Milliseconds, 0.001);
        Observe(3_000, isError: true);
        Assert.Equal(3_000, Milliseconds, 0.001);
    }

    [Theory]
    [InlineData(1, false, 0.6)]
    [InlineData(1, true, 0.1)]
    public void Two_choices_prefer_the_fast_and_do_not_fall_for_fast_errors(int milliseconds, bool isError, double share)
    {
        var cluster = new BalancedCluster(LoadBalancing.PeakEwma, 1, 1, 1, 1);
        var (picks, odd) = (20_000, 0);
        var running = new PriorityQueue<(DestinationState Destination, TimeSpan Elapsed, bool IsError), double>();
        for (var now = 0; now < picks; now++)
        {
            cluster.Time.Advance(TimeSpan.FromMilliseconds(1));
            while (running.TryPeek(out var call, out var end) && end <= now)
            {
                running.Dequeue();
                call.Destination.Latency!.Observe(call.Elapsed, call.IsError);
                call.Destination.End();
            }

            var picked = cluster.Pick()!;
            picked.Begin();
            var isOdd = picked.Id == "a";
            odd += isOdd ? 1 : 0;
            var elapsed = isOdd ? milliseconds : 20;
            running.Enqueue((picked, TimeSpan.FromMilliseconds(elapsed), isOdd && isError), now + elapsed);
        }

        // An equal share would be a quarter. Of two drawn, one is the odd one in half of the cases: more than that nobody can get.
        Assert.True(isError ? odd < picks * share : odd > picks * 0.45, $"{odd} of {picks}");
    }

    [Fact]
    public void Estimate_outlives_a_reload_that_changes_other_settings()
    {
        var before = new DestinationState("a", new() { Address = new("http://a") });
        before.MeasureLatency(_time);
        var after = new DestinationState("a", new() { Address = new("http://a"), Weight = 2 }).Continue(before);
        Assert.Same(before.Latency, after.Latency);
    }

    private void Observe(double milliseconds, bool isError = false) => _latency.Observe(TimeSpan.FromMilliseconds(milliseconds), isError);
}
