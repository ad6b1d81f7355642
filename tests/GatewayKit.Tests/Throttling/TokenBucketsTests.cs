using CsCheck;
using GatewayKit.Throttling;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling;

public sealed class TokenBucketsTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Each_key_has_an_allowance_of_its_own()
    {
        var buckets = Buckets(requestsPerSecond: 1, burst: 1);
        Assert.True(Take(buckets, 1));
        Assert.False(Take(buckets, 1));
        Assert.True(Take(buckets, 2));
    }

    [Fact]
    public void Every_key_decides_as_a_bucket_of_its_own_would() =>
        Gen.Select(Gen.ULong[0, 400], Gen.Int[0, 60]).Array[500, 2_000].Sample(
            steps =>
            {
                var time = new FakeTimeProvider();
                var clock = new ThrottleClock(time);
                var rate = new Gcra(requestsPerSecond: 2, burst: 3);
                var buckets = new TokenBuckets(rate, clock, maxKeys: 1_000);
                var models = new Dictionary<ulong, TokenBucket>();
                foreach (var (key, pause) in steps)
                {
                    time.Advance(TimeSpan.FromMilliseconds(pause));
                    var model = models.TryGetValue(key, out var known) ? known : models[key] = new(rate, clock);
                    Assert.Equal(model.TryTake(out var wait, out var ahead), buckets.TryTake(Key(key), out var actual, out var overflowed, out var actualAhead));
                    Assert.Equal((wait, ahead), (actual, actualAhead));
                    Assert.False(overflowed);
                }
            },
            iter: 50);

    [Theory]
    [InlineData(64)]
    [InlineData(1_000)]
    [InlineData(100_000)]
    public void As_many_live_keys_as_promised_find_room(int maxKeys)
    {
        var buckets = Buckets(requestsPerSecond: 0.001, burst: 1, maxKeys);
        var overflowed = 0;
        for (var key = 0UL; key < (ulong)maxKeys; key++)
        {
            buckets.TryTake(Key(key), out _, out var shared, out _);
            overflowed += shared ? 1 : 0;
        }

        // Keys are spread by a random secret: one in a thousand is far more than chance gives, and no table of this kind promises none.
        Assert.InRange(overflowed, 0, Math.Max(3, maxKeys / 1_000));
        for (var key = 0UL; key < (ulong)maxKeys; key++)
        {
            Assert.False(Take(buckets, key), "A live key got a fresh allowance.");
        }
    }

    [Fact]
    public void Ten_million_keys_stay_within_the_memory_cap()
    {
        var buckets = Buckets(requestsPerSecond: 0.001, burst: 1);
        for (var key = 0UL; key < 10_000_000; key++)
        {
            Take(buckets, key);
        }

        Assert.True(buckets.Slots * TokenBucketShard.SlotBytes <= 64 * 100_000, $"{buckets.Slots} slots of {TokenBucketShard.SlotBytes} bytes");
    }

    [Fact]
    public void Keys_beyond_the_limit_share_one_allowance_in_each_shard_and_push_nobody_out()
    {
        var buckets = Buckets(requestsPerSecond: 0.001, burst: 2, maxKeys: 64);
        var own = new List<ulong>();
        var (admitted, overflowed) = (0, 0);
        for (var key = 0UL; key < 10_000; key++)
        {
            var taken = buckets.TryTake(Key(key), out _, out var shared, out _);
            if (!shared)
            {
                own.Add(key);
                continue;
            }

            overflowed++;
            admitted += taken ? 1 : 0;
        }

        Assert.True(overflowed >= 10_000 - 128);
        Assert.Equal(2, admitted);
        Assert.All(own, key => Assert.True(buckets.TryTake(Key(key), out _, out var shared, out _) && !shared, "The second of a burst of two."));
        Assert.All(own, key => Assert.False(Take(buckets, key)));
    }

    [Fact]
    public void Room_of_idle_keys_is_used_again()
    {
        var buckets = Buckets(requestsPerSecond: 1, burst: 1, maxKeys: 1_000);
        for (var key = 0UL; key < 100_000; key++)
        {
            buckets.TryTake(Key(key), out _, out var overflowed, out _);
            Assert.False(overflowed);
            if (key % 500 == 0)
            {
                _time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        Assert.True(buckets.Slots <= 2_000 + 64, $"{buckets.Slots} slots");
    }

    [Fact]
    public void Race_of_sixty_four_admits_exactly_the_burst_of_each_key()
    {
        using var race = new Race(runners: 64);
        var buckets = Buckets(requestsPerSecond: 0.001, burst: 5);
        for (var round = 0UL; round < 500; round++)
        {
            var key = round;
            Assert.Equal(5, race.Count(() => Take(buckets, key)));
        }
    }

    [Fact]
    public void Known_key_allocates_nothing()
    {
        var buckets = Buckets(requestsPerSecond: 1_000_000, burst: 1_000_000);
        Take(buckets, 1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            Take(buckets, 1);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static ThrottleKey Key(ulong number) => new(number, 6);

    private static bool Take(TokenBuckets buckets, ulong key) => buckets.TryTake(Key(key), out _, out _, out _);

    private TokenBuckets Buckets(double requestsPerSecond, int burst, int maxKeys = 100_000) =>
        new(new Gcra(requestsPerSecond, burst), new ThrottleClock(_time), maxKeys);
}
