using System.Globalization;
using GatewayKit.Redis.Rates;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.RedisTests.Rates;

/// <summary>Random callers, rules and times; the server decides as the model does, to the microsecond.</summary>
public sealed class RateTraceTests(RedisServer server) : IClassFixture<RedisServer>
{
    private const int Traces = 100_000;
    private const int Steps = 6;
    private const int Together = 2_000;
    private const long Start = 1_773_144_000_000_000;

    [Fact]
    public async Task Decisions_are_those_of_the_model()
    {
        var scripts = new RateScripts(server.Database);
        var refused = 0;
        for (var first = 0; first < Traces; first += Together)
        {
            var counts = await Task.WhenAll(Enumerable.Range(first, Together).Select(number => WalkAsync(scripts, number)));
            refused += counts.Sum();
            await server.Server.FlushDatabaseAsync();
        }

        // Walks that are all let through, or all refused, would show nothing.
        Assert.InRange(refused, Traces * Steps / 10, Traces * Steps * 9 / 10);
    }

    private static async Task<int> WalkAsync(RateScripts scripts, int number)
    {
        var random = new Random(number);
        var rule = Rule(random);
        var (terms, model, key) = (RateTerms.Of(rule), RateModel.Of(rule), number.ToString(CultureInfo.InvariantCulture));
        var (now, refused) = (Start + random.NextInt64(1_000_000_000), 0);
        for (var step = 0; step < Steps; step++)
        {
            var isNoted = random.Next(5) == 0;
            var units = isNoted ? random.NextInt64(-rule.Burst, (2L * rule.Burst) + 1) : random.Next(rule.Burst + 1);
            var (expected, actual) = (model.Step(units, isNoted, now), await scripts.StepAsync(key, rule, terms, units, isNoted, now));
            Assert.True(expected == actual, $"Trace {number}, step {step}, {rule}: {units} units at {now} gave {actual}, not {expected}.");
            refused += actual.IsAdmitted ? 0 : 1;

            // Mostly as fast as the rate; sometimes exactly when it was told to come, sometimes the clock steps back.
            now += random.Next(8) switch
            {
                0 => -random.NextInt64((long)rule.Window.TotalMicroseconds * 4),
                1 or 2 => (long)actual.Wait.TotalMicroseconds,
                _ => random.NextInt64((long)(2 * rule.Burst * rule.Window.TotalMicroseconds / rule.Limit) + 1),
            };
        }

        return refused;
    }

    private static RateRule Rule(Random random)
    {
        var burst = random.Next(3) switch { 0 => random.Next(1, 5), 1 => random.Next(1, 100), _ => random.Next(1, 1_000_000_001) };
        var window = TimeSpan.FromMicroseconds(random.Next(3) switch
        {
            0 => random.NextInt64(1_000, 10_000_000),
            1 => random.NextInt64(1_000_000, 100_000_000_000),
            _ => random.NextInt64(3_600_000_000, 31_536_000_000_000),
        });
        if (random.Next(2) == 0)
        {
            return new(RateAlgorithm.SlidingWindow, burst, window, burst);
        }

        // All of the burst comes back in a year at most, and units as fast as a hundred in a microsecond.
        var limit = Math.Max(random.NextDouble() * 1_000, burst * window.TotalDays / 365);
        return new(RateAlgorithm.TokenBucket, Math.Min(limit, 100 * window.TotalMicroseconds), window, burst);
    }
}
