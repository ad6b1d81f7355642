using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace GatewayKit.Identity.RequestSignatures;

/// <summary>Whether something signed came before.</summary>
internal enum ReplayVerdict
{
    New,
    Again,

    /// <summary>Nobody can tell, for there is no more room.</summary>
    Full,
}

/// <summary>Remembers what was signed with each key, until it would not count any more by its age. Of verified signatures only, so that strangers fill nothing. Safe for concurrent use.</summary>
internal sealed class SignatureReplays(TimeProvider time)
{
    private const int SecondsBetweenSweeps = 60;

    private readonly ConcurrentDictionary<string, Memory> _byKey = new(StringComparer.Ordinal);
    private long _sweepAt;

    /// <summary>How many keys something is remembered of.</summary>
    public int Keys => _byKey.Count;

    /// <summary>Remembers something, if it is new.</summary>
    /// <param name="keyId">The key.</param>
    /// <param name="what">What tells it from all else that is signed with the key.</param>
    /// <param name="until">When it does not count any more, in seconds since 1970.</param>
    /// <param name="most">How many are remembered of the key at once.</param>
    public ReplayVerdict Remember(string keyId, ReadOnlySpan<byte> what, long until, int most)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(what, hash);
        var (id, now) = (BinaryPrimitives.ReadUInt128LittleEndian(hash), time.GetUtcNow().ToUnixTimeSeconds());
        Sweep(now);
        while (true)
        {
            if (_byKey.GetOrAdd(keyId, static _ => new()).TryRemember(id, until, now, most) is { } verdict)
            {
                return verdict;
            }
        }
    }

    private void Sweep(long now)
    {
        var at = Volatile.Read(ref _sweepAt);
        if (now < at || Interlocked.CompareExchange(ref _sweepAt, now + SecondsBetweenSweeps, at) != at)
        {
            return;
        }

        foreach (var (keyId, memory) in _byKey)
        {
            if (memory.TryEnd(now))
            {
                _byKey.TryRemove(KeyValuePair.Create(keyId, memory));
            }
        }
    }

    private sealed class Memory
    {
        private readonly Lock _lock = new();
        private readonly HashSet<UInt128> _known = [];
        private readonly PriorityQueue<UInt128, long> _byEnd = new();
        private bool _hasEnded;

        /// <returns><see langword="null"/> if this one is no more.</returns>
        public ReplayVerdict? TryRemember(UInt128 id, long until, long now, int most)
        {
            lock (_lock)
            {
                if (_hasEnded)
                {
                    return null;
                }

                Forget(now);
                if (_known.Contains(id))
                {
                    return ReplayVerdict.Again;
                }

                if (_known.Count >= most)
                {
                    return ReplayVerdict.Full;
                }

                _known.Add(id);
                _byEnd.Enqueue(id, until);
                return ReplayVerdict.New;
            }
        }

        /// <summary>Ends it if there is nothing left to remember.</summary>
        public bool TryEnd(long now)
        {
            lock (_lock)
            {
                Forget(now);
                return _hasEnded = _known.Count == 0;
            }
        }

        // Not in the second in which it still counts.
        private void Forget(long now)
        {
            while (_byEnd.TryPeek(out var id, out var until) && until < now)
            {
                _byEnd.Dequeue();
                _known.Remove(id);
            }
        }
    }
}
