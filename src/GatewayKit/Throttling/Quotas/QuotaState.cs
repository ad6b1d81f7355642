namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// The count of one key as a row of numbers, and the steps that change it: functions of the row, the time and the input. Row, time and rule come from the caller, so that the same steps serve
/// every store, tests and replays. A row of zeros is one that was never used.
/// </summary>
internal readonly ref struct QuotaState(Span<long> row)
{
    private const int StartIndex = 0;
    private const int EndIndex = 1;
    private const int UsedIndex = 2;
    private const int WarnedIndex = 3;
    private const int FilledIndex = 4;
    private const int FirstBucket = 5;

    // Far above every limit, and far from where a sum turns over.
    private const long MaxUsed = long.MaxValue / 4;

    private readonly Span<long> _row = row;

    /// <summary>The start of the window; of a rolling one, of its newest bucket. Universal time in ticks, like all instants here.</summary>
    public ref long Start => ref _row[StartIndex];

    /// <summary>From when on the row equals one that was never used.</summary>
    public ref long End => ref _row[EndIndex];

    public ref long Used => ref _row[UsedIndex];

    private Span<long> Buckets => _row[FirstBucket..];

    /// <summary>How many numbers a row has.</summary>
    public static int LengthOf(QuotaWindow window) => FirstBucket + (window is RollingWindow rolling ? rolling.Buckets + 1 : 0);

    /// <summary>Whether a row that was read somewhere can be one.</summary>
    public static bool IsPlausible(ReadOnlySpan<long> row) => row.Length >= FirstBucket && row[StartIndex] >= 0 && row[EndIndex] >= row[StartIndex] && row[UsedIndex] >= 0;

    /// <summary>Whether a row says nothing any more.</summary>
    public static bool IsOver(ReadOnlySpan<long> row, DateTimeOffset now) => row[EndIndex] <= now.UtcTicks;

    /// <inheritdoc cref="IQuotaStore.ReserveAsync"/>
    public QuotaAnswer Reserve(QuotaKey key, QuotaRule rule, long cost, DateTimeOffset now, TimeSpan settleWithin)
    {
        Roll(rule.Window, now);
        if (Math.Max(cost, 1) > rule.Capacity - Used)
        {
            return new() { Used = Used, ResetsAt = ResetsAt(rule.Window), ResetsAfter = ResetsAt(rule.Window) - now, RetryAfter = WaitFor(rule, Math.Max(cost, 1), now) };
        }

        var overage = Change(rule, cost, bucket: Start);
        return new()
        {
            IsAccepted = true,
            Used = Used,
            Overage = overage,
            ResetsAt = ResetsAt(rule.Window),
            ResetsAfter = ResetsAt(rule.Window) - now,
            Crossed = Cross(rule, now),
            Reservation = new(key, new(Start, TimeSpan.Zero), cost, now.ToUniversalTime() + settleWithin),
        };
    }

    /// <inheritdoc cref="IQuotaStore.SettleAsync"/>
    public QuotaAnswer Settle(in QuotaReservation reservation, QuotaRule rule, long cost, DateTimeOffset now)
    {
        if (now.UtcTicks >= End)
        {
            // A window is started by requests only.
            return default;
        }

        Roll(rule.Window, now);
        if (!IsOpen(rule.Window, reservation.Window.UtcTicks))
        {
            return new() { Used = Used, ResetsAt = ResetsAt(rule.Window), ResetsAfter = ResetsAt(rule.Window) - now };
        }

        var more = Math.Clamp(cost, 0, MaxUsed) - reservation.Cost;
        var overage = more > 0 || now < reservation.ExpiresAt ? Change(rule, more, reservation.Window.UtcTicks) : 0;
        return new() { IsAccepted = true, Used = Used, Overage = overage, ResetsAt = ResetsAt(rule.Window), ResetsAfter = ResetsAt(rule.Window) - now, Crossed = Cross(rule, now) };
    }

    /// <inheritdoc cref="IQuotaStore.ReadAsync"/>
    /// <remarks>The row moves to the time: it is a copy.</remarks>
    public QuotaAnswer Read(QuotaRule rule, DateTimeOffset now)
    {
        Roll(rule.Window, now);
        return new() { IsAccepted = true, Used = Used, ResetsAt = ResetsAt(rule.Window), ResetsAfter = ResetsAt(rule.Window) - now };
    }

    // The row's own window counts while it lasts: a table of time zones that is replaced in the middle of one hands out nothing.
    private void Roll(QuotaWindow window, DateTimeOffset now)
    {
        var ticks = now.UtcTicks;
        if (window is RollingWindow rolling)
        {
            Turn(rolling, ticks);
        }
        else if (ticks >= End)
        {
            _row.Clear();
            SetSpan(window.SpanAt(now));
        }
        else if (Start - ticks > End - Start)
        {
            // The clock was ahead by more than a window and is right now: what is used moves along, so that nothing is stuck in the future.
            SetSpan(window.SpanAt(now));
        }
    }

    private void Turn(RollingWindow window, long ticks)
    {
        var (width, newest) = (window.Width, ticks / window.Width * window.Width);
        if (ticks >= End)
        {
            _row.Clear();
        }
        else if (Start - newest > width * window.Buckets)
        {
            Buckets.Clear();
            Buckets[PlaceOf(newest, width)] = Used;
            Warned = Filled = 0;
        }
        else if (newest <= Start)
        {
            // A clock that steps back a little: the newest bucket stays the newest.
            return;
        }
        else
        {
            for (var bucket = Start + width; bucket <= newest; bucket += width)
            {
                ref var expired = ref Buckets[PlaceOf(bucket, width)];
                Used -= expired;
                expired = 0;
            }
        }

        (Start, End) = (newest, newest + (width * (window.Buckets + 1)));
    }

    private ref long Warned => ref _row[WarnedIndex];

    private ref long Filled => ref _row[FilledIndex];

    private int PlaceOf(long bucket, long width) => (int)(bucket / width % Buckets.Length);

    private void SetSpan(QuotaSpan span) => (Start, End) = (span.Start.UtcTicks, span.End.UtcTicks);

    private bool IsOpen(QuotaWindow window, long start) =>
        window is RollingWindow rolling ? start <= Start && start > Start - (rolling.Width * Buckets.Length) : start == Start;

    private long Change(QuotaRule rule, long units, long bucket)
    {
        if (rule.Window is RollingWindow rolling)
        {
            // Not less than there is: a bucket that moved with the clock may hold less than was taken from it.
            ref var count = ref Buckets[PlaceOf(bucket, rolling.Width)];
            units = Math.Max(units, -count);
            count += Math.Min(units, MaxUsed - Used);
        }

        var before = Used;
        Used = Math.Max(0, before + Math.Min(units, MaxUsed - before));
        return Math.Max(0, Used - rule.Limit) - Math.Max(0, before - rule.Limit);
    }

    private QuotaThresholds Cross(QuotaRule rule, DateTimeOffset now)
    {
        // A rolling window has no end at which its thresholds could start anew: each is crossed once in its length.
        var length = rule.Window is RollingWindow rolling ? rolling.Rolling.Ticks : long.MaxValue;
        return (Crosses(ref Warned, rule.WarnAt, Used, now.UtcTicks, length) ? QuotaThresholds.Warning : 0)
            | (Crosses(ref Filled, rule.Limit, Used, now.UtcTicks, length) ? QuotaThresholds.Limit : 0);
    }

    private static bool Crosses(ref long crossedAt, long threshold, long used, long now, long length)
    {
        if (used < threshold || (crossedAt != 0 && now - crossedAt < length))
        {
            return false;
        }

        crossedAt = now;
        return true;
    }

    private DateTimeOffset? ResetsAt(QuotaWindow window)
    {
        if (window is LifetimeWindow || Used == 0)
        {
            return null;
        }

        return new(window is RollingWindow rolling ? FreedAt(rolling, 1) : End, TimeSpan.Zero);
    }

    private TimeSpan? WaitFor(QuotaRule rule, long cost, DateTimeOffset now)
    {
        if (rule.Window is LifetimeWindow || cost > rule.Capacity)
        {
            return null;
        }

        return new(Math.Max(1, (rule.Window is RollingWindow rolling ? FreedAt(rolling, cost - (rule.Capacity - Used)) : End) - now.UtcTicks));
    }

    // When that many units have come back.
    private long FreedAt(RollingWindow window, long units)
    {
        var width = window.Width;
        for (var bucket = Start - (width * window.Buckets); bucket < Start; bucket += width)
        {
            units -= bucket < 0 ? 0 : Buckets[PlaceOf(bucket, width)];
            if (units <= 0)
            {
                return bucket + (width * Buckets.Length);
            }
        }

        return End;
    }
}
