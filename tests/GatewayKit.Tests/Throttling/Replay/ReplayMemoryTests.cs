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
    public async Task Records_are_gone_when_they_are_done()
    {
        var section = Route(""" "Throttle": { "RequestsPerSecond": 1 }, "Quota": { "Limit": 5, "Window": { "Calendar": "Day" } } """);
        var (seen, alive) = (new List<WeakReference>(), -1);
        await RunAsync(section, Records(100_000).Select(Watch), new() { MaxKeys = 1_000, MaxDisorder = TimeSpan.FromSeconds(1) });
        Assert.Equal(1_000, seen.Count);

        // A second of them waits for its order, a second of them is in flight: two or three of those that are watched.
        Assert.InRange(alive, 0, 10);

        AccessRecord Watch(AccessRecord record, int i)
        {
            if (i % 100 == 0)
            {
                seen.Add(new(record));
            }

            if (i == 99_999)
            {
                GC.Collect();
                alive = seen.Count(static one => one.IsAlive);
            }

            return record;
        }
    }

    [Fact]
    public async Task Names_of_unknown_routes_are_bounded_and_none_is_lost()
    {
        var report = await RunAsync(Route(""" "Throttle": { "RequestsPerSecond": 1 } """), Enumerable.Range(0, 1_000).Select(static i => At(0, route: $"gone {i}")));
        Assert.Equal(100, report.UnknownRoutes.Count);
        Assert.Equal(1_000, report.UnknownRoutes.Sum(static route => route.Records));
    }

    private static IEnumerable<AccessRecord> Records(int count) => Enumerable.Range(0, count)
        .Select(static i => At(i * 0.01) with { Client = new IPAddress([10, (byte)(i >> 17), (byte)(i >> 9), (byte)(i >> 1)]), Duration = TimeSpan.FromSeconds(1) });
}
