using CsCheck;
using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Pipeline;

/// <summary>The syntax of the fields that tell of limits, read by a parser that knows the standard alone.</summary>
public sealed class RateLimitFieldTests
{
    private static readonly LimitItem Burst = Item(new("burst", 100, TimeSpan.FromSeconds(60), LimitUnit.Requests, 42, TimeSpan.FromSeconds(0.4)));
    private static readonly LimitItem Daily = Item(new("daily", 10_000, TimeSpan.FromDays(1), LimitUnit.Requests, 9_310, TimeSpan.FromSeconds(20_410.1)));
    private static readonly LimitItem InFlight = Item(new("inflight", 20, null, LimitUnit.ConcurrentRequests, 17, null));
    private static readonly LimitItem Up = Item(new("up", 65_535, TimeSpan.FromMilliseconds(500), LimitUnit.ContentBytes, 0, TimeSpan.FromTicks(1)));

    [Fact]
    public void Fields_are_the_golden_ones()
    {
        LimitItem[] limits = [Burst, Daily, InFlight, Up];
        Assert.Equal(
            "\"burst\";q=100;w=60, \"daily\";q=10000;w=86400, \"inflight\";q=20;qu=\"concurrent-requests\", \"up\";q=65535;qu=\"content-bytes\";w=1",
            RateLimitField.WritePolicy(limits));
        Assert.Equal("\"burst\";r=42;t=1, \"daily\";r=9310;t=20411, \"inflight\";r=17, \"up\";r=0;t=1", RateLimitField.Write(limits, withLow: true));
    }

    [Fact]
    public void Low_ones_can_be_left_out()
    {
        Assert.Equal("\"burst\";r=42;t=1", RateLimitField.Write([Burst, Up], withLow: false));
        Assert.Null(RateLimitField.Write([Up], withLow: false));
    }

    // What is left of a day in its last seconds, all at once, is what no limit allows.
    [Theory]
    [InlineData(3, 300)]
    [InlineData(93, 9_300)]
    [InlineData(94, 9_310)]
    public void Advertised_speed_is_at_most_the_burst(int secondsLeft, int told)
    {
        var daily = Item(new("daily", 10_000, TimeSpan.FromDays(1), LimitUnit.Requests, 9_310, TimeSpan.FromSeconds(secondsLeft)));
        Assert.Equal($"\"burst\";r=42;t=1, \"daily\";r={told};t={secondsLeft}", RateLimitField.Write([Burst, daily], withLow: true));
        Assert.Equal($"\"daily\";r=9310;t={secondsLeft}, \"up\";r=0;t=1", RateLimitField.Write([daily, Up], withLow: true));
        Assert.Equal($"\"daily\";r=9310;t={secondsLeft}", RateLimitField.Write([daily], withLow: true));
    }

    [Fact]
    public void Whatever_a_limit_is_the_fields_say_so()
    {
        var reading =
            from name in Gen.Char[' ', '~'].Array[1, 12]
            from quota in Gen.OneOf(Gen.Long[0, 1_000], Gen.Long[0, long.MaxValue])
            from window in Gen.Long[0, 40_000_000_000_000]
            from unit in Gen.Int[0, 2]
            from remaining in Gen.OneOf(Gen.Long[-5, 1_000], Gen.Long[0, long.MaxValue])
            from reset in Gen.Long[0, 40_000_000_000_000]
            select new LimitReading(
                new(name), quota, window % 3 == 0 ? null : new TimeSpan(window), (LimitUnit)unit, remaining, reset % 3 == 0 ? null : new TimeSpan(reset));
        reading.Array[1, 6].Sample(static readings =>
        {
            LimitItem[] limits = [.. readings.Select(Item)];
            var policies = StructuredFieldList.Parse(RateLimitField.WritePolicy(limits));
            var standing = StructuredFieldList.Parse(RateLimitField.Write(limits, withLow: true)!);
            Assert.Equal(readings.Select(static reading => reading.Name), policies.Select(static policy => policy.Value));
            Assert.Equal(readings.Select(static reading => reading.Name), standing.Select(static item => item.Value));
            for (var i = 0; i < readings.Length; i++)
            {
                Assert.Equal(Math.Min(readings[i].Quota, 999_999_999_999_999), policies[i]["q"]);
                Assert.Equal(Seconds(readings[i].Window), policies[i]["w"]);
                Assert.Equal(readings[i].Unit switch { LimitUnit.Requests => null, LimitUnit.ContentBytes => "content-bytes", _ => "concurrent-requests" }, policies[i]["qu"]);
                Assert.Equal(Seconds(readings[i].Reset), standing[i]["t"]);
                Assert.InRange((long)standing[i]["r"]!, 0, Math.Clamp(readings[i].Remaining, 0, 999_999_999_999_999));
                if (readings.Length == 1)
                {
                    Assert.Equal(Math.Clamp(readings[i].Remaining, 0, 999_999_999_999_999), standing[i]["r"]);
                }
            }
        });
    }

    [Theory]
    [InlineData("caf\u00E9\r\nX-Evil: 1", "caf???X-Evil: 1")]
    [InlineData("a\"b\\c\x7F", "a\"b\\c?")]
    public void Name_that_slipped_through_ends_no_field(string name, string told) =>
        Assert.Equal(told, Assert.Single(StructuredFieldList.Parse(RateLimitField.WritePolicy([Item(new(name, 1, null, LimitUnit.Requests, 1, null))]))).Value);

    [Theory]
    [InlineData("burst", true)]
    [InlineData("a \"b\" ~", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("caf\u00E9", false)]
    [InlineData("a\tb", false)]
    public void Names_are_printable(string? name, bool isName) => Assert.Equal(isName, LimitNames.Is(name));

    [Fact]
    public void Names_have_64_characters_at_most() =>
        Assert.Equal((true, false), (LimitNames.Is(new string('a', 64)), LimitNames.Is(new string('a', 65))));

    private static LimitItem Item(LimitReading reading) => new(reading);

    private static long? Seconds(TimeSpan? time) => time is { } known ? Math.Max(1, (long)Math.Ceiling(known.TotalSeconds)) : null;
}
