namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// The counts of many keys in bounded memory, spread over shards with a lock of their own. There is no timer: rows whose window is over make room when
/// room is needed. Rows in use are never pushed out, because that would hand their keys a fresh quota: keys beyond share one row. Safe to use from any thread.
/// </summary>
/// <param name="maxKeys">How many keys find room, at least 64.</param>
/// <param name="time">The time.</param>
internal sealed class QuotaTable(int maxKeys, TimeProvider time)
{
    private const int MaxShards = 16;
    private const int MinKeysPerShard = 64;

    private readonly Shard[] _shards = CreateShards(Math.Clamp(maxKeys / MinKeysPerShard, 1, MaxShards), maxKeys, time);

    /// <summary>How many rows there are.</summary>
    public int Count => _shards.Sum(static shard => shard.Count);

    /// <summary>Called, under the lock of a shard, when the first of its rows has changed since it was last read.</summary>
    public Action? Changed
    {
        set => Array.ForEach(_shards, shard => shard.Changed = value);
    }

    public QuotaAnswer Reserve(QuotaKey key, QuotaRule rule, long cost, TimeSpan settleWithin)
    {
        if (ShardOf(key).TryReserve(key, rule, cost, settleWithin, out var answer))
        {
            return answer;
        }

        var overflow = key.ToOverflow();
        ShardOf(overflow).TryReserve(overflow, rule, cost, settleWithin, out answer);
        return answer;
    }

    public QuotaAnswer Settle(in QuotaReservation reservation, QuotaRule rule, long cost) => ShardOf(reservation.Key).Settle(reservation, rule, cost);

    /// <inheritdoc cref="IQuotaStore.ReadAsync"/>
    public QuotaAnswer? Read(QuotaKey key, QuotaRule rule) => ShardOf(key).Read(key, rule);

    /// <summary>Puts a row where it was before a restart.</summary>
    public void Restore(QuotaKey key, ReadOnlySpan<long> row) => ShardOf(key).Restore(key, row.ToArray());

    /// <summary>Reads the rows that changed since the last call.</summary>
    public void ReadChanges(RowReader read) => Array.ForEach(_shards, shard => shard.ReadChanges(read));

    /// <summary>Reads all rows that still say something; from then on none of them has changed.</summary>
    public void ReadAll(RowReader read) => Array.ForEach(_shards, shard => shard.ReadAll(read));

    private Shard ShardOf(QuotaKey key) => _shards[(uint)key.GetHashCode() % (uint)_shards.Length];

    private static Shard[] CreateShards(int count, int maxKeys, TimeProvider time) =>
        [.. Enumerable.Range(0, count).Select(_ => new Shard((maxKeys + count - 1) / count, time))];

    /// <summary>Gets a row, which is locked meanwhile.</summary>
    public delegate void RowReader(QuotaKey key, ReadOnlySpan<long> row);

    private sealed class Shard(int maxKeys, TimeProvider time)
    {
        private const int FirstSweep = 64;

        // A full shard is not gone through for every key that somebody makes up.
        private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

        private readonly Lock _lock = new();
        private readonly Dictionary<QuotaKey, long[]> _rows = [];
        private readonly HashSet<QuotaKey> _changed = [];
        private int _sweepAt = FirstSweep;
        private DateTimeOffset _nextSweep;

        public Action? Changed { get; set; }

        public int Count
        {
            get
            {
                lock (_lock)
                {
                    return _rows.Count;
                }
            }
        }

        /// <returns>Whether there is room for the key.</returns>
        public bool TryReserve(QuotaKey key, QuotaRule rule, long cost, TimeSpan settleWithin, out QuotaAnswer answer)
        {
            lock (_lock)
            {
                var now = time.GetUtcNow();
                if (Find(key, rule.Window, now) is not { } row)
                {
                    answer = default;
                    return false;
                }

                answer = new QuotaState(row).Reserve(key, rule, cost, now, settleWithin);
                if (answer.IsAccepted)
                {
                    Note(key);
                }

                return true;
            }
        }

        public QuotaAnswer Settle(in QuotaReservation reservation, QuotaRule rule, long cost)
        {
            lock (_lock)
            {
                if (!_rows.TryGetValue(reservation.Key, out var row))
                {
                    // Its window is over, and its place was needed.
                    return default;
                }

                var answer = new QuotaState(row).Settle(reservation, rule, cost, time.GetUtcNow());
                if (answer.IsAccepted)
                {
                    Note(reservation.Key);
                }

                return answer;
            }
        }

        public QuotaAnswer? Read(QuotaKey key, QuotaRule rule)
        {
            var copy = new long[QuotaState.LengthOf(rule.Window)];
            DateTimeOffset now;
            lock (_lock)
            {
                now = time.GetUtcNow();
                if (_rows.TryGetValue(key, out var row))
                {
                    // One of another length counts as none, as it does for requests.
                    if (row.Length == copy.Length)
                    {
                        row.CopyTo(copy, 0);
                    }
                }
                else if (_rows.Count >= maxKeys && !key.IsFixed && !_rows.Values.Any(one => QuotaState.IsOver(one, now)))
                {
                    // It would share a row with others, which are nobody's to see.
                    return null;
                }
            }

            return new QuotaState(copy).Read(rule, now);
        }

        public void Restore(QuotaKey key, long[] row)
        {
            lock (_lock)
            {
                _rows[key] = row;
            }
        }

        public void ReadChanges(RowReader read)
        {
            lock (_lock)
            {
                foreach (var key in _changed)
                {
                    if (_rows.TryGetValue(key, out var row))
                    {
                        read(key, row);
                    }
                }

                _changed.Clear();
            }
        }

        public void ReadAll(RowReader read)
        {
            lock (_lock)
            {
                Sweep(time.GetUtcNow());
                foreach (var (key, row) in _rows)
                {
                    read(key, row);
                }

                _changed.Clear();
            }
        }

        private long[]? Find(QuotaKey key, QuotaWindow window, DateTimeOffset now)
        {
            var length = QuotaState.LengthOf(window);
            if (_rows.TryGetValue(key, out var row) && row.Length == length)
            {
                return row;
            }

            if (row is null && _rows.Count >= Math.Min(_sweepAt, maxKeys) && now >= _nextSweep)
            {
                Sweep(now);
            }

            return row is null && _rows.Count >= maxKeys && !key.IsFixed ? null : _rows[key] = new long[length];
        }

        private void Sweep(DateTimeOffset now)
        {
            foreach (var (key, row) in _rows)
            {
                if (QuotaState.IsOver(row, now))
                {
                    _rows.Remove(key);
                }
            }

            (_sweepAt, _nextSweep) = (Math.Max(FirstSweep, 2 * _rows.Count), now + SweepInterval);
        }

        private void Note(QuotaKey key)
        {
            if (Changed is { } changed && _changed.Add(key) && _changed.Count == 1)
            {
                changed();
            }
        }
    }
}
