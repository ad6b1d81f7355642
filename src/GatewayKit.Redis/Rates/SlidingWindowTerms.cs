using System.Globalization;
using GatewayKit.Throttling.Sharing;
using StackExchange.Redis;

namespace GatewayKit.Redis.Rates;

/// <summary>The estimate of a sliding window with whole numbers below 2^53.</summary>
internal sealed class SlidingWindowTerms : RateTerms
{
    // Twice the limit times the window is the largest product.
    private const long MaxProduct = 1L << 52;

    private readonly long _limit, _length, _tick;

    public SlidingWindowTerms(RateRule rule)
    {
        // A microsecond as long as that fits; of a year and a million units, 14 milliseconds. The window is rounded up.
        var window = (long)Math.Ceiling(rule.Window.TotalMicroseconds);
        _limit = rule.Burst;
        _tick = Math.Max(1, (long)Math.Ceiling(2d * _limit * window / MaxProduct));
        _length = (window + _tick - 1) / _tick;
        Name = string.Create(CultureInfo.InvariantCulture, $"window:{_limit}:{rule.Window.Ticks / (decimal)TimeSpan.TicksPerSecond}s");
    }

    public override string Name { get; }

    public override RedisValue[] ArgumentsOf(long units, bool isNoted) => [_limit, _length, _tick, units, isNoted];

    public override RateAnswer Read(ReadOnlySpan<long> reply, long units)
    {
        var (isAdmitted, used, before, left) = (reply[0] == 1, reply[1], reply[2], reply[3]);
        var remaining = Math.Max(0, ((_limit - used) * _length) - (before * left)) / _length;
        return new()
        {
            IsAdmitted = isAdmitted,
            Remaining = remaining,
            Wait = isAdmitted ? TimeSpan.Zero : Time(TicksUntil(units, used, before, left)),
            Next = remaining >= _limit ? null : Time(TicksUntil(remaining + 1, used, before, left)),
            FullAfter = Time(used > 0 ? left + _length : before > 0 ? left : 0),
        };
    }

    // When so many units fit: as the window before loses weight, or after this one has taken its place.
    private long TicksUntil(long units, long used, long before, long left)
    {
        if (used + units <= _limit)
        {
            return before == 0 ? 0 : Math.Max(0, left - ((_limit - used - units) * _length / before));
        }

        var (weighs, free) = (Math.Min(used, _limit), _limit - units);
        return left + Math.Max(0, _length - (free * _length / weighs));
    }

    private TimeSpan Time(long ticks) => Microseconds(ticks * _tick);
}
