using System.Net;
using System.Text;
using GatewayKit.Throttling.Replay;
using static GatewayKit.Tests.Throttling.Replay.Replays;

namespace GatewayKit.Tests.Throttling.Replay;

/// <summary>What is remembered does not grow with the log.</summary>
public sealed class ReplayMemoryTests
{
    [Fact]
    public void Keys_beyond_the_room_give_way_and_the_worst_stay()
    {
        var keys = new KeyTally();
        for (var i = 0; i < 100_000; i++)
        {
            keys.Note($"once {i}", isRefused: true, Start);
            keys.Note("often", isRefused: true, Start);
        }

        Assert.InRange(keys.Count, 1, 10_000);
        Assert.Equal("often", keys.Top(1, static key => key)[0].Key);
        Assert.Equal(100_000, keys.Top(1, static key => key)[0].Refusals);
        Assert.InRange(keys.MayLack, 1, 100);
    }

    [Theory]
    [InlineData(100, 1)]
    [InlineData(1_000, 10)]
    [InlineData(100_000, 600)]
    [InlineData(10_000_000, 86_400)]
    [InlineData(100_000_000, 691_200)]
    public void Buckets_become_longer_and_lose_nothing(int seconds, int width)
    {
        var buckets = new TimeBuckets();
        for (var i = 0; i < 1_000; i++)
        {
            buckets.Note(Start.AddSeconds((long)seconds * i / 1_000), (ReplayOutcome)(i % 3), wasRefused: false);
        }

        Assert.Equal(TimeSpan.FromSeconds(width), buckets.Width);
        Assert.InRange(buckets.Buckets.Count, 1, 200);
        Assert.Equal((1_000, 333, 333), (buckets.Buckets.Sum(static bucket => bucket.Counts.Requests), buckets.Buckets.Sum(static bucket => bucket.Counts.Refused), buckets.Buckets.Sum(static bucket => bucket.Counts.WouldRefuse)));
        Assert.All(buckets.Buckets, bucket => Assert.Equal(0, bucket.Start.UtcTicks % buckets.Width.Ticks));
    }

    [Fact]
    public void Records_that_wait_for_their_order_are_bounded()
    {
        var order = new ReplayOrder(TimeSpan.FromHours(1));
        for (var i = 0; i < ReplayOrder.Capacity; i++)
        {
            order.Add(At(0));
        }

        Assert.False(order.TryTake(isEnd: false, out _));
        order.Add(At(0));
        Assert.True(order.TryTake(isEnd: false, out _));
        Assert.False(order.TryTake(isEnd: false, out _));
        Assert.True(order.TryTake(isEnd: true, out _));
    }

    [Fact]
    public async Task Requests_beyond_the_room_for_those_in_flight_end_at_once_and_are_counted()
    {
        var records = Enumerable.Range(0, 100_010).Select(static i => At(i * 0.001) with { Duration = TimeSpan.FromHours(1) });
        var report = await RunAsync(Route(""" "Bulkhead": { "MaxInFlight": 200000 } """), records, new() { MaxDisorder = TimeSpan.Zero });
        Assert.Equal((0, 10), (report.Total.Refused, report.CutShort));
    }

    [Fact]
    public async Task Memory_is_flat_whatever_the_length()
    {
        var section = Route(""" "Throttle": { "RequestsPerSecond": 1 }, "Quota": { "Limit": 5, "Window": { "Calendar": "Day" } } """);
        await RunAsync(section, Records(1_000), new() { MaxKeys = 1_000 });
        var (early, late) = (0L, 0L);
        await RunAsync(
            section,
            Records(300_000).Select((record, i) =>
            {
                early = i == 50_000 ? GC.GetTotalMemory(forceFullCollection: true) : early;
                late = i == 299_999 ? GC.GetTotalMemory(forceFullCollection: true) : late;
                return record;
            }),
            new() { MaxKeys = 1_000, MaxDisorder = TimeSpan.FromSeconds(1) });

        // A quarter of a million records more, each with a client of its own, at more than a hundred bytes.
        Assert.InRange(late - early, long.MinValue, 12 << 20);
    }

    private static IEnumerable<AccessRecord> Records(int count) => Enumerable.Range(0, count)
        .Select(static i => At(i * 0.01) with { Client = new IPAddress([10, (byte)(i >> 17), (byte)(i >> 9), (byte)(i >> 1)]), Duration = TimeSpan.FromSeconds(1) });
}
