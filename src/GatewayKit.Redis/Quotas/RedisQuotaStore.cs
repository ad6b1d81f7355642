using System.Globalization;
using GatewayKit.Throttling.Quotas;
using StackExchange.Redis;

namespace GatewayKit.Redis.Quotas;

/// <summary>
/// Counts quotas in Redis: one script for each step, by the clock of Redis. It fails at once while Redis is away, with <see cref="RedisStoreException"/>. No step is sent twice, so nothing is
/// settled twice.
/// </summary>
internal sealed class RedisQuotaStore : IQuotaStore
{
    // The script wants the window only if the one that came along is not of its time. Once is a clock that was wrong, twice the end of a window in between.
    private const int MaxTries = 3;

    // Beyond every capacity, and small enough for the numbers of scripts.
    private const long MaxUnits = 1L << 52;

    private readonly RedisLink _link;
    private readonly QuotaSpans _spans;
    private readonly RedisScript _reserve, _settle, _read;

    public RedisQuotaStore(RedisLink link, TimeProvider time)
        : this(link, time, clock: null)
    {
    }

    internal RedisQuotaStore(RedisLink link, TimeProvider time, string? clock)
    {
        (_link, _spans) = (link, new(time));
        _reserve = new("quota_reserve", ["QuotaRow.lua", "QuotaReserve.lua"], clock);
        _settle = new("quota_settle", ["QuotaRow.lua", "QuotaSettle.lua"], clock);
        _read = new("quota_read", ["QuotaRow.lua", "QuotaRead.lua"], clock);
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Secret
    {
        get
        {
            if (_link.Secret is { IsEmpty: false } secret)
            {
                return secret;
            }

            // Without it no step is asked for, and none that is refused begins a probe.
            _link.Probe();
            return default;
        }
    }

    /// <inheritdoc/>
    public ValueTask<QuotaAnswer> ReserveAsync(QuotaKey key, QuotaRule rule, long cost, TimeSpan settleWithin, CancellationToken cancellationToken)
    {
        return _link.IsUp ? ReserveAsync() : _link.Refuse<QuotaAnswer>(_reserve.Name);

        async ValueTask<QuotaAnswer> ReserveAsync()
        {
            try
            {
                return Read(await RunAsync(_reserve, key, rule, [Math.Min(cost, MaxUnits)], cancellationToken).ConfigureAwait(false));
            }
            catch (RedisStoreException exception) when (exception is { InnerException: TimeoutException, Late: { } late })
            {
                throw new QuotaStoreLateException(exception.Message, ReadLateAsync(late), exception);
            }
        }

        async Task<QuotaAnswer> ReadLateAsync(Task<long[]> late) => Read(new(await late.ConfigureAwait(false)));

        QuotaAnswer Read(QuotaReply reply)
        {
            var answer = reply.ToAnswer();
            return answer.IsAccepted ? answer with { Reservation = new(key, reply.StartOf(rule.Window), cost, reply.Now + settleWithin) } : answer;
        }
    }

    /// <inheritdoc/>
    public ValueTask<QuotaAnswer> SettleAsync(QuotaReservation reservation, QuotaRule rule, long cost, CancellationToken cancellationToken)
    {
        return _link.IsUp ? SettleAsync() : _link.Refuse<QuotaAnswer>(_settle.Name);

        async ValueTask<QuotaAnswer> SettleAsync()
        {
            var window = rule.Window is LifetimeWindow ? 0 : RedisTime.ToMicroseconds(reservation.Window);
            var step = (RedisValue[])[reservation.Cost, window, RedisTime.ToMicroseconds(reservation.ExpiresAt), Math.Clamp(cost, 0, MaxUnits)];
            return (await RunAsync(_settle, reservation.Key, rule, step, cancellationToken).ConfigureAwait(false)).ToAnswer();
        }
    }

    /// <inheritdoc/>
    public ValueTask<QuotaAnswer?> ReadAsync(QuotaKey key, QuotaRule rule, CancellationToken cancellationToken)
    {
        return _link.IsUp ? ReadAsync() : _link.Refuse<QuotaAnswer?>(_read.Name);

        async ValueTask<QuotaAnswer?> ReadAsync() => (await RunAsync(_read, key, rule, [], cancellationToken).ConfigureAwait(false)).ToAnswer();
    }

    /// <summary>
    /// Where a count is kept: its key is a hash by the secret of this store already. What is in braces is all that Redis Cluster looks at; the counts that all requests share are spread too.
    /// </summary>
    internal string NameOf(QuotaKey key) =>
        string.Create(CultureInfo.InvariantCulture, $"{_link.KeyPrefix}:{{{(key.High is 0 ? key.Quota : key.High):x16}{key.Low:x16}}}:{key.Quota:x16}");

    private async Task<QuotaReply> RunAsync(RedisScript script, QuotaKey key, QuotaRule rule, RedisValue[] step, CancellationToken cancellationToken)
    {
        var name = NameOf(key);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var reply = new QuotaReply(await _link.RunAsync(script, name, [.. ArgumentsOf(rule), .. step], cancellationToken).ConfigureAwait(false));
            _spans.Observe(reply.Now);
            if (!reply.WantsWindow)
            {
                return reply;
            }
        }

        throw new RedisStoreException("The clock of Redis jumps: it is in none of the windows that it was said to be in.");
    }

    private RedisValue[] ArgumentsOf(QuotaRule rule)
    {
        var (kind, first, second, length) = rule.Window switch
        {
            RollingWindow rolling => ("rolling", (RedisTime.ToMicroseconds(rolling.Rolling) + rolling.Buckets - 1) / rolling.Buckets, rolling.Buckets, RedisTime.ToMicroseconds(rolling.Rolling)),
            FirstUseWindow use => ("first-use", 0, 0, RedisTime.ToMicroseconds(use.FirstUse)),
            LifetimeWindow => ("lifetime", 0, 0, 0),
            _ => Calendar(_spans.Current(rule.Window)),
        };
        return [kind, first, second, length, rule.Limit, rule.Capacity, rule.WarnAt];

        static (string, long, long, long) Calendar(QuotaSpan span) => ("calendar", RedisTime.ToMicroseconds(span.Start), RedisTime.ToMicroseconds(span.End), 0);
    }
}
