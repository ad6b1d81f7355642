using GatewayKit.Redis.Quotas;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling.Quotas;

namespace GatewayKit.RedisTests.Quotas;

/// <summary>Random callers of all windows, whose own clock stands still, at a server whose clock also steps back; it answers as the pure steps of the gateway do.</summary>
public sealed class QuotaTraceTests(RedisServer server) : IClassFixture<RedisServer>
{
    private const int Traces = 3_000;
    private const int Steps = 25;
    private const int Together = 500;

    private static readonly TimeSpan SettleWithin = TimeSpan.FromHours(2);
    private static readonly DateTimeOffset Start = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Answers_are_those_of_the_pure_steps()
    {
        await using var host = await RedisHost.StartAsync(server.ConnectionString);
        var refused = 0;
        for (var first = 0; first < Traces; first += Together)
        {
            refused += (await Task.WhenAll(Enumerable.Range(first, Together).Select(number => WalkAsync(host, number)))).Sum();
        }

        Assert.InRange(refused, Traces * Steps / 10, Traces * Steps * 9 / 10);
    }

    private async Task<int> WalkAsync(RedisHost host, int number)
    {
        var random = new Random(number);
        var clock = new SteppingClock(Start);
        var store = new ClockedStore(new(host.Link, new SteppingClock(Start), ScriptClock.OfKey), clock, server.Database);
        var rule = new QuotaRule(Draw(random), Limit: random.Next(1, 40), MaxOverage: random.Next(5), WarnAtPercent: random.Next(1, 101));
        var (key, row, refused) = (new QuotaKey(1, 9, (ulong)number), new long[QuotaState.LengthOf(rule.Window)], 0);
        var open = new Queue<QuotaReservation>();
        for (var step = 0; step < Steps; step++)
        {
            // Mostly minutes; sometimes days on, a little back, or far back.
            clock.Now += random.Next(12) switch
            {
                0 => TimeSpan.FromDays(random.Next(1, 40)),
                1 => TimeSpan.FromMinutes(-random.Next(1, 300)),
                2 => TimeSpan.FromDays(-random.Next(1, 400)),
                _ => TimeSpan.FromMinutes(random.Next(120)),
            };
            var cost = random.Next((int)rule.Capacity + 1);
            QuotaAnswer expected, actual;
            if (open.Count > 0 && random.Next(3) == 0)
            {
                var reservation = open.Dequeue();
                (expected, actual) = (new QuotaState(row).Settle(reservation, rule, cost, clock.Now), await store.SettleAsync(reservation, rule, cost, default));
            }
            else
            {
                (expected, actual) = (new QuotaState(row).Reserve(key, rule, cost, clock.Now, SettleWithin), await store.ReserveAsync(key, rule, cost, SettleWithin, default));
                if (actual.IsAccepted)
                {
                    open.Enqueue(actual.Reservation);
                }
            }

            Assert.True(expected == actual, $"Trace {number}, step {step}, {rule}, {cost} units at {clock.Now:O} gave\n{actual}, not\n{expected}.");
            refused += actual.IsAccepted ? 0 : 1;
        }

        return refused;
    }

    // Widths of buckets that are the same from the year 1 on and from 1970 on.
    private static QuotaWindow Draw(Random random) => random.Next(6) switch
    {
        0 => new CalendarWindow((CalendarUnit)random.Next(4), "Europe/Berlin", (DayOfWeek)random.Next(7)),
        1 => new CalendarWindow(CalendarUnit.Day, "America/Sao_Paulo"),
        2 => new AnniversaryWindow(new(2024, 1, 31), (CalendarUnit)random.Next(4), "Asia/Tokyo"),
        3 => Rolling(random.Next(1, 20)),
        4 => new FirstUseWindow(TimeSpan.FromMinutes(random.Next(1, 10_000))),
        _ => new LifetimeWindow(),
    };

    private static RollingWindow Rolling(int buckets) => new(TimeSpan.FromHours(buckets), buckets);

    private sealed class SteppingClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
