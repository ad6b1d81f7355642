using System.Numerics;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Throttling;

/// <summary>
/// The allowances of many keys at one rate, in bounded memory. Keys are spread over shards, each with a lock of its own that is held for one
/// probe. There is no timer: a key whose allowance is full again equals one that was never seen, and its place is taken by the next.
/// Safe to use from any thread.
/// </summary>
internal sealed class RateTable<TRate, TState>
    where TRate : struct, IRate<TState>
    where TState : unmanaged
{
    private const int MaxShards = 64;
    private const int MinKeysPerShard = 64;

    private readonly TRate _rate;
    private readonly ThrottleClock _clock;
    private readonly RateShard<TRate, TState>?[] _shards;
    private readonly int _slotsPerShard;
    private readonly int _shardBits;

    /// <param name="rate">The rate of every key.</param>
    /// <param name="clock">The time.</param>
    /// <param name="maxKeys">How many keys must find room at once, at least 64.</param>
    public RateTable(TRate rate, ThrottleClock clock, int maxKeys)
    {
        (_rate, _clock) = (rate, clock);
        _shardBits = Math.Min(BitOperations.Log2(MaxShards), BitOperations.Log2((uint)(maxKeys / MinKeysPerShard)));
        _shards = new RateShard<TRate, TState>?[1 << _shardBits];

        // Two slots for each key: at that load a full probe range is rare, see RateTableTests.
        _slotsPerShard = (int)((2L * maxKeys + _shards.Length - 1) / _shards.Length);
    }

    /// <summary>Bytes of all slots.</summary>
    public long Bytes => _shards.Sum(static shard => (long)(shard?.Slots ?? 0)) * RateShard<TRate, TState>.SlotBytes;

    /// <summary>Takes units of the key's allowance, or none.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="cost">Units, 0 to what a full allowance holds.</param>
    /// <param name="maxWait">How long the request may wait for them.</param>
    public RateDecision Take(ThrottleKey key, int cost, long maxWait = 0)
    {
        var place = key.Place;
        ref var shard = ref ShardOf(place);
        return (shard ?? Create(ref shard)).Take(key, (uint)place, cost, _clock.Now, maxWait);
    }

    /// <summary>Corrects what the key took to what was used.</summary>
    /// <returns>How its allowance stands, if it is known.</returns>
    public RateDecision Settle(ThrottleKey key, in RateUse use)
    {
        var place = key.Place;
        ref var shard = ref ShardOf(place);
        return (shard ?? Create(ref shard)).Settle(key, (uint)place, use, _clock.Now);
    }

    /// <summary>How the key's allowance stands. Nothing is taken, and no place is.</summary>
    /// <returns>What is not known if there is no room for the key: it shares an allowance with others then.</returns>
    public RateDecision Peek(ThrottleKey key)
    {
        var (place, now) = (key.Place, _clock.Now);
        return ShardOf(place)?.Peek(key, (uint)place, now) ?? RateDecision.Peek(_rate, default(TState), now);
    }

    /// <summary>Does something with the state of a key.</summary>
    /// <returns>Whether there was room for the key.</returns>
    public bool TryRun<TStep>(ThrottleKey key, ref TStep step)
        where TStep : struct, IRateStep<TState>
    {
        var place = key.Place;
        ref var shard = ref ShardOf(place);
        return (shard ?? Create(ref shard)).TryRun(key, (uint)place, _clock.Now, ref step);
    }

    /// <summary>The states that are in use, at some moment for each.</summary>
    public KeyValuePair<ThrottleKey, TState>[] ToArray() => [.. _shards.SelectMany(static shard => shard?.ToArray() ?? [])];

    // The high bits choose the shard, the low ones the slot.
    private ref RateShard<TRate, TState>? ShardOf(ulong place) => ref _shards[place >> 32 >> (32 - _shardBits)];

    private RateShard<TRate, TState> Create(ref RateShard<TRate, TState>? shard)
    {
        var created = new RateShard<TRate, TState>(_rate, _slotsPerShard);
        return Interlocked.CompareExchange(ref shard, created, null) ?? created;
    }
}
