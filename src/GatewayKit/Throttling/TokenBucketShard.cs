using System.Runtime.CompilerServices;

namespace GatewayKit.Throttling;

/// <summary>One shard of <see cref="TokenBuckets"/>: a hash table with linear probing over a limited range, under one lock.</summary>
internal sealed class TokenBucketShard(Gcra rate, int maxSlots)
{
    // How far from its own place a key may live: bounds the time of a request, whatever keys others send.
    private const int ProbeRange = 32;
    private const int InitialSlots = 16;

    private readonly Lock _lock = new();
    private Slot[] _slots = new Slot[Math.Min(InitialSlots, maxSlots)];
    private int _used;
    private bool _isSettled;
    private long _latest;
    private long _overflowFullAt;

    /// <summary>What one slot takes: the key and one number.</summary>
    public static int SlotBytes => Unsafe.SizeOf<Slot>();

    public int Slots => Volatile.Read(ref _slots).Length;

    public bool TryTake(ThrottleKey key, uint place, long now, out long wait, out bool overflowed, out long ahead)
    {
        lock (_lock)
        {
            // The caller read the clock before it had the lock. An earlier time than one that has freed a slot would refill that slot's key.
            now = _latest = Math.Max(_latest, now);
            ref var fullAt = ref Find(key, place, now, out overflowed);
            var taken = rate.TryTake(fullAt, now, cost: 1, out var next, out wait);
            fullAt = next;
            ahead = next - now;
            return taken;
        }
    }

    /// <summary>Gives back a unit that the key took.</summary>
    public void Return(ThrottleKey key, uint place, long elapsed)
    {
        if (rate.Refund(elapsed) is not (> 0 and var refund))
        {
            return;
        }

        lock (_lock)
        {
            // While some of the unit is still out, its slot is not free for another key. A key without a slot had it from the overflow.
            if (Probe(_slots, key, place, _latest) is >= 0 and var index && _slots[index].FullAt != 0 && _slots[index].Key == key)
            {
                // 0 would say that the slot was never used.
                _slots[index].FullAt = Math.Max(1, _slots[index].FullAt - refund);
            }
            else
            {
                _overflowFullAt -= refund;
            }
        }
    }

    private ref long Find(ThrottleKey key, uint place, long now, out bool overflowed)
    {
        overflowed = false;
        var index = Probe(_slots, key, place, now);
        if (!_isSettled && (index < 0 || (_slots[index] is { FullAt: 0 } && ++_used > _slots.Length / 2)))
        {
            // A full range in a table that may still grow is no overflow: the key would get a fresh allowance once it has grown.
            Rebuild(now, isCrowded: index < 0);
            index = Probe(_slots, key, place, now);
        }

        if (index < 0)
        {
            // Every slot in range is in use. Evicting one would hand its key a fresh burst.
            overflowed = true;
            return ref _overflowFullAt;
        }

        ref var slot = ref _slots[index];
        slot.Key = key;
        return ref slot.FullAt;
    }

    /// <summary>The slot of the key, else the first one in its range that is free, else -1.</summary>
    private static int Probe(Slot[] slots, ThrottleKey key, uint place, long now)
    {
        var index = (int)(((ulong)place * (uint)slots.Length) >> 32);
        var free = -1;
        for (var i = 0; i < Math.Min(ProbeRange, slots.Length); i++)
        {
            ref readonly var slot = ref slots[index];
            if (slot.FullAt == 0)
            {
                // Never used, and slots fill from the front: the key is not behind it.
                return free >= 0 ? free : index;
            }

            if (slot.Key == key)
            {
                return index;
            }

            if (free < 0 && slot.FullAt <= now)
            {
                free = index;
            }

            index = index + 1 == slots.Length ? 0 : index + 1;
        }

        return free;
    }

    // When half of the slots have been used, or one range is full: drops keys whose allowance is full, and doubles the table unless that
    // freed enough of it.
    private void Rebuild(long now, bool isCrowded)
    {
        var live = _slots.Count(slot => slot.FullAt > now);
        var slots = new Slot[isCrowded || live > _slots.Length / 4 ? Math.Min(2 * _slots.Length, maxSlots) : _slots.Length];
        foreach (ref readonly var slot in _slots.AsSpan())
        {
            if (slot.FullAt <= now)
            {
                continue;
            }

            var index = Probe(slots, slot.Key, (uint)TokenBuckets.PlaceOf(slot.Key), now);
            if (index < 0)
            {
                // Hardly possible at this load. No key is lost for it: the table stays as it is.
                _isSettled = true;
                return;
            }

            slots[index] = slot;
        }

        // At full size slots are reused one by one.
        _isSettled = slots.Length == maxSlots;
        _used = live + 1;
        Volatile.Write(ref _slots, slots);
    }

    private struct Slot
    {
        public ThrottleKey Key;
        public long FullAt;
    }
}
