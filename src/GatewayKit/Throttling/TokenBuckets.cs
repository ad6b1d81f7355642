using System.Numerics;
using System.Security.Cryptography;

namespace GatewayKit.Throttling;

/// <summary>
/// The allowances of many keys at one rate, in bounded memory. Keys are spread over shards, each with a lock of its own that is held for one
/// probe. There is no timer: a key whose allowance is full again equals one that was never seen, and its place is taken by the next.
/// Safe to use from any thread.
/// </summary>
internal sealed class TokenBuckets
{
    private const int MaxShards = 64;
    private const int MinKeysPerShard = 64;

    private static readonly ulong Secret = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    private readonly Gcra _rate;
    private readonly ThrottleClock _clock;
    private readonly TokenBucketShard?[] _shards;
    private readonly int _slotsPerShard;
    private readonly int _shardBits;

    /// <param name="rate">The rate of every key.</param>
    /// <param name="clock">The time.</param>
    /// <param name="maxKeys">How many keys must find room at once, at least 64.</param>
    public TokenBuckets(Gcra rate, ThrottleClock clock, int maxKeys)
    {
        (_rate, _clock) = (rate, clock);
        _shardBits = Math.Min(BitOperations.Log2(MaxShards), BitOperations.Log2((uint)(maxKeys / MinKeysPerShard)));
        _shards = new TokenBucketShard?[1 << _shardBits];

        // Two slots for each key: at that load a full probe range is rare, see TokenBucketsTests.
        _slotsPerShard = (int)((2L * maxKeys + _shards.Length - 1) / _shards.Length);
    }

    /// <summary>Slots that take up memory, <see cref="TokenBucketShard.SlotBytes"/> each.</summary>
    public long Slots => _shards.Sum(static shard => (long)(shard?.Slots ?? 0));

    /// <summary>Takes one unit of the key's allowance.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="wait">If refused, the time until the next request can pass; else zero.</param>
    /// <param name="overflowed">Whether there was no room for the key, so that it was charged to the allowance all such keys share.</param>
    /// <param name="ahead">The time until that allowance is full.</param>
    public bool TryTake(ThrottleKey key, out TimeSpan wait, out bool overflowed, out long ahead)
    {
        var place = PlaceOf(key);
        ref var shard = ref ShardOf(place);
        var taken = (shard ?? Create(ref shard)).TryTake(key, (uint)place, _clock.Now, out var units, out overflowed, out ahead);
        wait = taken ? TimeSpan.Zero : ThrottleClock.ToTimeSpan(units);
        return taken;
    }

    /// <summary>Gives back a unit that the key took.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="elapsed">The time since it took it, or more.</param>
    public void Return(ThrottleKey key, long elapsed)
    {
        var place = PlaceOf(key);
        ShardOf(place)?.Return(key, (uint)place, elapsed);
    }

    /// <summary>
    /// Spreads keys evenly: the high bits choose the shard, the low ones the slot. The secret keeps callers from choosing keys that crowd one
    /// probe range. Two keys in one place do not become one, so that a fast mix is enough here.
    /// </summary>
    public static ulong PlaceOf(ThrottleKey key) => Mix(Mix(key.High ^ Secret, 0x9E3779B97F4A7C15) ^ key.Low, 0xD6E8FEB86659FD93 ^ Secret);

    private ref TokenBucketShard? ShardOf(ulong place) => ref _shards[place >> 32 >> (32 - _shardBits)];

    private static ulong Mix(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low;
    }

    private TokenBucketShard Create(ref TokenBucketShard? shard)
    {
        var created = new TokenBucketShard(_rate, _slotsPerShard);
        return Interlocked.CompareExchange(ref shard, created, null) ?? created;
    }
}
