using System.Globalization;
using GatewayKit.Throttling.Sharing;
using StackExchange.Redis;

namespace GatewayKit.Redis.Rates;

/// <summary>The generic cell rate algorithm with whole numbers below 2^53.</summary>
internal sealed class TokenBucketTerms : RateTerms
{
    // Four times all the time of a rate is the largest sum: two are owed and as many noted.
    private const int BitsOfAll = 51;

    // A millionth of a microsecond: the finest that is worth it.
    private const int MaxBitsOfPart = 20;

    private readonly long _each, _all, _parts;

    public TokenBucketTerms(RateRule rule)
    {
        var each = rule.Window.TotalMicroseconds / rule.Limit;
        _parts = 1L << Math.Clamp(BitsOfAll - 1 - (int)Math.Ceiling(Math.Log2(each * rule.Burst)), 0, MaxBitsOfPart);

        // Rounded up: never faster than asked.
        _each = (long)Math.Ceiling(each * _parts);
        _all = checked(_each * rule.Burst);
        Name = string.Create(CultureInfo.InvariantCulture, $"gcra:{rule.Limit:R}:{rule.Window.Ticks / (decimal)TimeSpan.TicksPerSecond}s:{rule.Burst}");
    }

    public override string Name { get; }

    public override RedisValue[] ArgumentsOf(long units, bool isNoted) => [_each, _all, _parts, units, isNoted];

    public override RateAnswer Read(ReadOnlySpan<long> reply, long units)
    {
        var (isAdmitted, owed) = (reply[0] == 1, reply[1]);
        var remaining = Math.Max(0, (_all - owed) / _each);
        return new()
        {
            IsAdmitted = isAdmitted,
            Remaining = remaining,
            Wait = isAdmitted ? TimeSpan.Zero : Time(owed + (units * _each) - _all),
            Next = owed == 0 ? null : Time(owed + ((remaining + 1) * _each) - _all),
            FullAfter = Time(owed),
            Uncounted = reply.Length > 2 ? reply[2] : 0,
        };
    }

    private TimeSpan Time(long parts) => Microseconds((parts + _parts - 1) / _parts);
}
