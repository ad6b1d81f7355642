using System.Numerics;
using GatewayKit.Redis.Rates;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.RedisTests.Rates;

/// <summary>What a rate is, without Redis and without bounds on numbers: the textbook's formulas over absolute time.</summary>
internal abstract class RateModel
{
    public abstract RateAnswer Step(long units, bool isNoted, long now);

    public static RateModel Of(RateRule rule)
    {
        var numbers = RateTerms.Of(rule).ArgumentsOf(0, isNoted: false).Select(static number => (long)number).ToArray();
        return rule.Algorithm is RateAlgorithm.SlidingWindow ? new SlidingWindow(numbers[0], numbers[1], numbers[2]) : new TokenBucket(numbers[0], numbers[1], numbers[2]);
    }

    protected static BigInteger Ceiling(BigInteger dividend, BigInteger divisor) => (dividend + divisor - 1) / divisor;

    protected static TimeSpan Microseconds(BigInteger count) => TimeSpan.FromMicroseconds((long)count);

    /// <summary>The generic cell rate algorithm: the state is the theoretical arrival time.</summary>
    private sealed class TokenBucket(BigInteger interval, BigInteger tolerance, BigInteger parts) : RateModel
    {
        private BigInteger? _arrival;

        public override RateAnswer Step(long units, bool isNoted, long microseconds)
        {
            var now = microseconds * parts;
            if (_arrival > now + (2 * tolerance))
            {
                _arrival = now + (2 * tolerance);
            }

            var floor = BigInteger.Max(_arrival ?? now, now);
            var arrival = floor + (units * interval);
            var wait = isNoted ? 0 : arrival - tolerance - now;
            BigInteger uncounted = 0;
            if (isNoted)
            {
                var most = BigInteger.Max(floor, now + (2 * tolerance));
                uncounted = BigInteger.Divide(BigInteger.Max(0, arrival - most), interval);
                arrival = BigInteger.Clamp(arrival, now, most);
            }

            var isAdmitted = wait <= 0;
            var after = isAdmitted ? arrival : floor;
            if (isAdmitted && units != 0)
            {
                _arrival = after;
            }

            var remaining = BigInteger.Max(0, BigInteger.Divide(tolerance - BigInteger.Min(after - now, tolerance), interval));
            var next = after + ((remaining + 1) * interval) - tolerance - now;
            return new()
            {
                IsAdmitted = isAdmitted,
                Remaining = (long)remaining,
                Wait = isAdmitted ? TimeSpan.Zero : Microseconds(Ceiling(wait, parts)),
                Next = after == now ? null : Microseconds(Ceiling(next, parts)),
                FullAfter = Microseconds(Ceiling(after - now, parts)),
                Uncounted = (long)uncounted,
            };
        }
    }

    /// <summary>The sliding window: two counters, and the weight of the older one.</summary>
    private sealed class SlidingWindow(long limit, long length, long tick) : RateModel
    {
        private BigInteger? _window;
        private BigInteger _used, _before;

        public override RateAnswer Step(long units, bool isNoted, long microseconds)
        {
            var (window, left) = (BigInteger.Divide(microseconds / tick, length), length - (microseconds / tick % length));
            var isStale = _window > window + 1;
            var (newest, used, before) = (isStale ? window : _window ?? window, _used, _before);
            if (newest > window)
            {
                (window, left) = (newest, length);
            }
            else if (newest < window)
            {
                (before, used) = (newest == window - 1 ? BigInteger.Min(used, limit) : 0, 0);
            }

            var isAdmitted = isNoted || Fits(used, before, units, left);
            if (isNoted)
            {
                (used, before) = Note(used, before, units, left);
            }
            else if (isAdmitted)
            {
                used += units;
            }

            if (isStale || (isAdmitted && units != 0))
            {
                (_window, _used, _before) = (window, used, before);
            }

            var remaining = BigInteger.Max(0, ((limit - used) * length) - (before * left)) / length;
            return new()
            {
                IsAdmitted = isAdmitted,
                Remaining = (long)remaining,
                Wait = isAdmitted ? TimeSpan.Zero : Until(used, before, units, left),
                Next = remaining == limit ? null : Until(used, before, (long)remaining + 1, left),
                FullAfter = Microseconds((used > 0 ? left + length : before > 0 ? left : 0) * tick),
            };
        }

        private bool Fits(BigInteger used, BigInteger before, long units, BigInteger left) => ((used + units) * length) + (before * left) <= (BigInteger)limit * length;

        private (BigInteger Used, BigInteger Before) Note(BigInteger used, BigInteger before, long units, long left)
        {
            if (units >= 0)
            {
                return (BigInteger.Max(used, BigInteger.Min(used + units, (2 * limit) - Ceiling(before * left, length))), before);
            }

            var back = BigInteger.Min(used, -units);
            return (used - back, before - BigInteger.Min(before, -units - back));
        }

        // Found by trying, not by a formula: the fewest ticks after which so many units fit.
        private TimeSpan Until(BigInteger used, BigInteger before, long units, long left)
        {
            BigInteger low = 0, high = left + length;
            while (low < high)
            {
                var middle = (low + high) / 2;
                var fits = middle < left ? Fits(used, before, units, left - middle) : Fits(0, BigInteger.Min(used, limit), units, length - (middle - left));
                (low, high) = fits ? (low, middle) : (middle + 1, high);
            }

            return Microseconds(low * tick);
        }
    }
}
