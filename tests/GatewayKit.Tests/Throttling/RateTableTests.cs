using CsCheck;
using GatewayKit.Throttling;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling;

public sealed class RateTableTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Each_key_has_an_allowance_of_its_own()
    {
        var table = Table(requestsPerSecond: 1, burst: 1);
        Assert.True(Take(table, 1));
        Assert.False(Take(table, 1));
        Assert.True(Take(table, 2));
    }

    [Fact]
    public void Every_key_decides_as_a_bucket_of_its_own_would()
    {
        Compare<Gcra, long>(Rate(requestsPerSecond: 2, burst: 3));
        Compare<SettlingGcra, SettledTime>(new(new(RateAlgorithm.TokenBucket, 2, TimeSpan.FromSeconds(1), 3)));
        Compare<SlidingWindow, WindowCount>(new(new(RateAlgorithm.SlidingWindow, 3, TimeSpan.FromSeconds(1), 3)));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(1_000)]
    [InlineData(100_000)]
    public void As_many_live_keys_as_promised_find_room(int maxKeys)
    {
        var table = Table(requestsPerSecond: 0.001, burst: 1, maxKeys);
        var overflowed = 0;
        for (var key = 0UL; key < (ulong)maxKeys; key++)
        {
            overflowed += table.Take(Key(key), cost: 1).IsOverflow ? 1 : 0;
        }

        // Keys are spread by a random secret: one in a thousand is far more than chance gives, and no table of this kind promises none.
        Assert.InRange(overflowed, 0, Math.Max(3, maxKeys / 1_000));
        for (var key = 0UL; key < (ulong)maxKeys; key++)
        {
            Assert.False(Take(table, key), "A live key got a fresh allowance.");
        }
    }

    // The command `rates` of the benchmarks does it with ten million, and measures.
    [Fact]
    public void Table_does_not_grow_with_the_keys_that_were_seen()
    {
        var table = Table(requestsPerSecond: 0.001, burst: 1);
        var windows = new RateTable<SlidingWindow, WindowCount>(new(new(RateAlgorithm.SlidingWindow, 1, TimeSpan.FromDays(1), 1)), new ThrottleClock(_time), maxKeys: 100_000);
        for (var key = 0UL; key < 1_000_000; key++)
        {
            Take(table, key);
            windows.Take(Key(key), cost: 1);
        }

        Assert.InRange(table.Bytes, 40 * 100_000, 48 * 100_064);
        Assert.InRange(windows.Bytes, 60 * 100_000, 64 * 100_064);
    }

    [Fact]
    public void Keys_beyond_the_limit_share_one_allowance_in_each_shard_and_push_nobody_out()
    {
        var table = Table(requestsPerSecond: 0.001, burst: 2, maxKeys: 64);
        var own = new List<ulong>();
        var (admitted, overflowed) = (0, 0);
        for (var key = 0UL; key < 10_000; key++)
        {
            var decision = table.Take(Key(key), cost: 1);
            if (!decision.IsOverflow)
            {
                own.Add(key);
                continue;
            }

            overflowed++;
            admitted += decision.IsTaken ? 1 : 0;
        }

        Assert.True(overflowed >= 10_000 - 128);
        Assert.Equal(2, admitted);
        Assert.All(own, key => Assert.True(table.Take(Key(key), cost: 1) is { IsTaken: true, IsOverflow: false }, "The second of a burst of two."));
        Assert.All(own, key => Assert.False(Take(table, key)));
    }

    [Fact]
    public void Room_of_idle_keys_is_used_again()
    {
        var table = Table(requestsPerSecond: 1, burst: 1, maxKeys: 1_000);
        for (var key = 0UL; key < 100_000; key++)
        {
            Assert.False(table.Take(Key(key), cost: 1).IsOverflow);
            if (key % 500 == 0)
            {
                _time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        Assert.True(table.Bytes <= (2_000 + 64) * RateShard<Gcra, long>.SlotBytes, $"{table.Bytes} bytes");
    }

    [Fact]
    public void Race_of_sixty_four_admits_exactly_the_burst_of_each_key()
    {
        using var race = new Race(runners: 64);
        var table = Table(requestsPerSecond: 0.001, burst: 5);
        for (var round = 0UL; round < 500; round++)
        {
            var key = round;
            Assert.Equal(5, race.Count(() => Take(table, key)));
        }
    }

    [Fact]
    public void Known_key_allocates_nothing()
    {
        var table = Table(requestsPerSecond: 1_000_000, burst: 1_000_000);
        Take(table, 1);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                Take(table, 1);
            }
        }));
    }

    private static void Compare<TRate, TState>(TRate rate)
        where TRate : struct, IRate<TState>
        where TState : unmanaged =>
        Gen.Select(Gen.ULong[0, 400], Gen.Int[0, 60], Gen.Int[0, 3], Gen.Int[-3, 5]).Array[500, 2_000].Sample(
            steps =>
            {
                var time = new FakeTimeProvider();
                var clock = new ThrottleClock(time);
                var table = new RateTable<TRate, TState>(rate, clock, maxKeys: 1_000);
                var models = new Dictionary<ulong, RateBucket<TRate, TState>>();
                foreach (var (key, pause, cost, actual) in steps)
                {
                    time.Advance(TimeSpan.FromMilliseconds(pause));
                    var model = models.TryGetValue(key, out var known) ? known : models[key] = new(rate, clock);
                    var decision = model.Take(cost);
                    var same = table.Take(Key(key), cost);
                    Assert.Equal(decision with { Mark = 0 }, same with { Mark = 0 });
                    if (decision.IsTaken && cost > 0 && actual >= 0)
                    {
                        RateUse use = new(cost, actual, decision.At, decision.Mark);
                        model.Settle(use);
                        table.Settle(Key(key), use with { Mark = same.Mark });
                    }
                }
            },
            iter: 50);

    private static Gcra Rate(double requestsPerSecond, int burst) => new(new(RateAlgorithm.TokenBucket, requestsPerSecond, TimeSpan.FromSeconds(1), burst));

    private static ThrottleKey Key(ulong number) => new(number, 6);

    private static bool Take(RateTable<Gcra, long> table, ulong key) => table.Take(Key(key), cost: 1).IsTaken;

    private RateTable<Gcra, long> Table(double requestsPerSecond, int burst, int maxKeys = 100_000) =>
        new(Rate(requestsPerSecond, burst), new ThrottleClock(_time), maxKeys);
}
