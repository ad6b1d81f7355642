using GatewayKit.Pipeline;
using GatewayKit.Rollout;
using GatewayKit.Rollout.Splits;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Rollout;

/// <summary>Who is on which side while shares change.</summary>
public sealed class SplitRampTests
{
    private const int Keys = 100_000;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 9, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("orders")]
    [InlineData("/partners/{**rest}")]
    public void Nobody_changes_sides_twice_while_a_canary_goes_from_0_to_100_percent_and_back(string salt)
    {
        var buckets = BucketsOf(salt);
        foreach (var (from, to) in ((double, double)[])[(0, 100), (100, 0)])
        {
            var sides = Array.ConvertAll(buckets, bucket => new SplitLayout([KeyHash.BucketsOf(from)]).SideOf(bucket));
            var flips = new int[Keys];
            for (var step = 0; step <= 200; step++)
            {
                var percent = from + ((to - from) * step / 200);
                var layout = new SplitLayout([KeyHash.BucketsOf(percent)]);
                var canaries = 0;
                for (var i = 0; i < Keys; i++)
                {
                    var side = layout.SideOf(buckets[i]);
                    flips[i] += side != sides[i] ? 1 : 0;
                    sides[i] = side;
                    canaries += side;
                }

                Assert.InRange(100d * canaries / Keys, percent - 0.5, percent + 0.5);
            }

            Assert.All(flips, static count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Of_two_canaries_neither_moves_keys_of_the_other()
    {
        var buckets = BucketsOf("orders");
        var random = new Random(20260301);
        var (a, b) = (0, 0);
        for (var run = 0; run < 200; run++)
        {
            var before = new SplitLayout([a, b]);
            var (formerA, formerB) = (a, b);
            if (random.Next(2) == 0)
            {
                a = random.Next(KeyHash.Buckets - b + 1);
            }
            else
            {
                b = random.Next(KeyHash.Buckets - a + 1);
            }

            var after = new SplitLayout([a, b]);
            for (var i = 0; i < 2_000; i++)
            {
                var (was, isNow) = (before.SideOf(buckets[i]), after.SideOf(buckets[i]));
                if (was != isNow)
                {
                    // Between the stable cluster and the canary whose share changed, in the direction of the change.
                    var grew = a > formerA || b > formerB;
                    Assert.Equal(grew ? 0 : a != formerA ? 1 : 2, was);
                    Assert.Equal(grew ? (a != formerA ? 1 : 2) : 0, isNow);
                }
            }
        }
    }

    [Fact]
    public void Every_bucket_of_several_canaries_has_one_side_and_each_side_its_share()
    {
        var random = new Random(20260302);
        for (var run = 0; run < 200; run++)
        {
            var left = KeyHash.Buckets;
            var lengths = new int[random.Next(1, 17)];
            for (var i = 0; i < lengths.Length; i++)
            {
                left -= lengths[i] = random.Next(left + 1);
            }

            var layout = new SplitLayout(lengths);
            var counts = new int[lengths.Length + 1];
            for (var bucket = 0; bucket < KeyHash.Buckets; bucket++)
            {
                counts[layout.SideOf(bucket)]++;
            }

            Assert.Equal([left, .. lengths], counts);
        }
    }

    [Fact]
    public void The_last_two_of_several_canaries_move_no_keys_of_the_others()
    {
        var (before, after) = (new SplitLayout([1_000, 500, 300, 200]), new SplitLayout([1_000, 500, 2_300, 1_200]));
        for (var bucket = 0; bucket < KeyHash.Buckets; bucket++)
        {
            var side = before.SideOf(bucket);
            Assert.True(side == 0 || after.SideOf(bucket) == side);
        }
    }

    [Fact]
    public void Ramp_goes_in_equal_steps_by_the_wall_clock()
    {
        var side = Side(new() { From = 10, To = 50, Start = _time.GetUtcNow().AddMinutes(5), Duration = TimeSpan.FromMinutes(40), Steps = 4 });
        (int Minutes, int Buckets)[] expected = [(0, 1_000), (5, 1_000), (14, 1_000), (15, 2_000), (24, 2_000), (25, 3_000), (44, 4_000), (45, 5_000), (600, 5_000)];
        var start = _time.GetUtcNow();
        foreach (var (minutes, buckets) in expected)
        {
            _time.SetUtcNow(start.AddMinutes(minutes));
            side.Advance(out _);
            Assert.Equal(buckets, side.Buckets);
        }
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(100, 0)]
    public void Ramp_does_not_go_back_when_the_wall_clock_does(double from, double to)
    {
        var clock = new AdjustableWallClock { Now = new(2026, 3, 1, 9, 0, 0, TimeSpan.Zero) };
        var side = new SplitSide("r", "c", new() { Ramp = new() { From = from, To = to, Start = clock.Now, Duration = TimeSpan.FromHours(10), Steps = 10 } }, clock);
        clock.Now = clock.Now.AddHours(5);
        Assert.True(side.Advance(out _));
        clock.Now = clock.Now.AddHours(-3);
        Assert.False(side.Advance(out _));
        Assert.Equal(5_000, side.Buckets);
    }

    [Fact]
    public void Ramp_of_a_stopped_canary_stands_still_and_a_rolled_back_one_has_nothing()
    {
        var ramp = new CanaryRamp { Start = _time.GetUtcNow(), Duration = TimeSpan.FromHours(1) };
        var (stopped, rolledBack) = (Side(ramp), Side(ramp));
        _time.Advance(TimeSpan.FromMinutes(30));
        stopped.Advance(out _);
        rolledBack.Advance(out _);
        Assert.True(stopped.End(GuardAction.Stop));
        Assert.True(rolledBack.End(GuardAction.RollBack));
        Assert.False(rolledBack.End(GuardAction.Stop));
        _time.Advance(TimeSpan.FromMinutes(30));
        Assert.False(stopped.Advance(out _));
        Assert.False(rolledBack.Advance(out _));
        Assert.Equal(5_000, stopped.Buckets);
        Assert.Equal(0, rolledBack.Buckets);
    }

    private static int[] BucketsOf(string salt)
    {
        var hash = new KeyHash(salt);
        return [.. Enumerable.Range(0, Keys).Select(i => KeyHash.BucketOf(hash.Of($"user-{i}")))];
    }

    private SplitSide Side(CanaryRamp ramp) => new("route", "canary", new() { Ramp = ramp }, _time);

    private sealed class AdjustableWallClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
