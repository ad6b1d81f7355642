using System.Runtime.CompilerServices;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Throttling;

/// <summary>One shard of a <see cref="RateTable{TRate, TState}"/>: a hash table with linear probing over a limited range, under one lock.</summary>
internal sealed class RateShard<TRate, TState>(TRate rate, int maxSlots)
    where TRate : struct, IRate<TState>
    where TState : unmanaged
{
    // How far from its own place a key may live: bounds the time of a request, whatever keys others send.
    private const int ProbeRange = 32;
    private const int InitialSlots = 16;

    private readonly Lock _lock = new();
    private Slot[] _slots = new Slot[Math.Min(InitialSlots, maxSlots)];
    private int _used;
    private bool _isSettled;
    private long _latest;
    private TState _overflow;

    // What keys begin with.
    private TState _fresh;

    /// <summary>What one slot takes: the key and the state.</summary>
    public static int SlotBytes => Unsafe.SizeOf<Slot>();

    public int Slots => Volatile.Read(ref _slots).Length;

    /// <param name="key">Whose.</param>
    /// <param name="place">Where the key lives.</param>
    /// <param name="cost">Units, 0 to what a full allowance holds.</param>
    /// <param name="now">The time.</param>
    /// <param name="maxWait">How long the request may wait for them.</param>
    public RateDecision Take(ThrottleKey key, uint place, int cost, long now, long maxWait = 0)
    {
        bool taken, overflows;
        long wait;
        TState next;
        lock (_lock)
        {
            // The caller read the clock before it had the lock. An earlier time than one that has freed a slot would refill that slot's key.
            now = _latest = Math.Max(_latest, now);
            var index = Find(key, place, now);
            overflows = index < 0;

            // If every slot in range is in use, evicting one would hand its key a fresh burst.
            taken = rate.TryTake(overflows ? _overflow : StateOf(key, index), now, cost, out next, out wait, maxWait);
            Write(key, index, next);
        }

        return RateDecision.Of(rate, next, taken, now, wait) with { IsOverflow = overflows };
    }

    /// <inheritdoc cref="RateTable{TRate, TState}.Peek"/>
    public RateDecision Peek(ThrottleKey key, uint place, long now)
    {
        TState state;
        lock (_lock)
        {
            // The time of others is not moved: who asks before them must not make them later.
            now = Math.Max(_latest, now);
            var index = Probe(_slots, key, place, now);
            if (index < 0 && _isSettled)
            {
                return RateDecision.Unknown(isTaken: true, now);
            }

            // A table that may still grow has room for the key.
            state = index < 0 ? _fresh : StateOf(key, index);
        }

        return RateDecision.Peek(rate, state, now);
    }

    /// <summary>Corrects what the key took to what was used.</summary>
    /// <returns>How its allowance stands, if it is known.</returns>
    public RateDecision Settle(ThrottleKey key, uint place, in RateUse use, long now)
    {
        TState next;
        lock (_lock)
        {
            now = _latest = Math.Max(_latest, now);
            var index = use.IsOverflow ? -1 : Find(key, place, now);
            if (!use.IsOverflow && use.Actual <= use.Reserved && (index < 0 || !IsOf(key, index)))
            {
                // Its slot was full and is another key's: all that it took has come back by itself, and nobody else gave it.
                return RateDecision.Unknown(isTaken: true, now);
            }

            next = rate.Settle(index < 0 ? _overflow : StateOf(key, index), use, now);
            Write(key, index, next);
        }

        return RateDecision.Of(rate, next, isTaken: true, now, wait: 0);
    }

    /// <summary>Does something with the state of a key.</summary>
    /// <returns>Whether there was room for the key.</returns>
    public bool TryRun<TStep>(ThrottleKey key, uint place, long now, ref TStep step)
        where TStep : struct, IRateStep<TState>
    {
        lock (_lock)
        {
            now = _latest = Math.Max(_latest, now);
            var index = Find(key, place, now);
            if (index < 0)
            {
                return false;
            }

            var state = StateOf(key, index);
            step.Run(ref state, now);
            Write(key, index, state);
            return true;
        }
    }

    /// <summary>The states that are in use.</summary>
    public KeyValuePair<ThrottleKey, TState>[] ToArray()
    {
        lock (_lock)
        {
            return [.. _slots.Where(slot => rate.IsUsed(slot.State)).Select(static slot => KeyValuePair.Create(slot.Key, slot.State))];
        }
    }

    private bool IsOf(ThrottleKey key, int index) => rate.IsUsed(_slots[index].State) && _slots[index].Key == key;

    private TState StateOf(ThrottleKey key, int index) => IsOf(key, index) ? _slots[index].State : _fresh;

    private void Write(ThrottleKey key, int index, in TState state)
    {
        if (index < 0)
        {
            _overflow = state;
        }
        else if (rate.IsUsed(state))
        {
            // Who asks and takes nothing claims no slot.
            ref var slot = ref _slots[index];
            if (!rate.IsUsed(slot.State))
            {
                _used++;
            }
            else if (slot.Key != key)
            {
                _fresh = rate.Forget(_fresh, slot.State);
            }

            slot = new() { Key = key, State = state };
        }
    }

    private int Find(ThrottleKey key, uint place, long now)
    {
        var index = Probe(_slots, key, place, now);
        if (!_isSettled && (index < 0 || (!rate.IsUsed(_slots[index].State) && _used >= _slots.Length / 2)))
        {
            // A full range in a table that may still grow is no overflow: the key would get a fresh allowance once it has grown.
            Rebuild(now, isCrowded: index < 0);
            index = Probe(_slots, key, place, now);
        }

        return index;
    }

    /// <summary>The slot of the key, else the first one in its range that is free, else -1.</summary>
    private int Probe(Slot[] slots, ThrottleKey key, uint place, long now)
    {
        var index = (int)(((ulong)place * (uint)slots.Length) >> 32);
        var free = -1;
        for (var i = 0; i < Math.Min(ProbeRange, slots.Length); i++)
        {
            ref readonly var slot = ref slots[index];
            if (!rate.IsUsed(slot.State))
            {
                // Never used, and slots fill from the front: the key is not behind it.
                return free >= 0 ? free : index;
            }

            if (slot.Key == key)
            {
                return index;
            }

            if (free < 0 && rate.IsFull(slot.State, now))
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
        var live = _slots.Count(slot => !rate.IsFull(slot.State, now));
        var slots = new Slot[isCrowded || live > _slots.Length / 4 ? Math.Min(2 * _slots.Length, maxSlots) : _slots.Length];
        foreach (ref readonly var slot in _slots.AsSpan())
        {
            if (rate.IsFull(slot.State, now))
            {
                _fresh = rate.Forget(_fresh, slot.State);
                continue;
            }

            var index = Probe(slots, slot.Key, (uint)slot.Key.Place, now);
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
        _used = live;
        Volatile.Write(ref _slots, slots);
    }

    private struct Slot
    {
        public ThrottleKey Key;
        public TState State;
    }
}
