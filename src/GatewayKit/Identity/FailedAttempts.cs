using System.Net;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity;

/// <summary>
/// Counts failed attempts by client address, IPv6 by /64, in memory of a fixed size: a rate (GCRA) in two rows of cells, of which an address has one each. It is over its limit when both are,
/// so that another one's attempts count against it only if they share both. Nobody is ever pushed out to make room. Safe for concurrent use.
/// </summary>
/// <param name="perMinute">How many a minute; 0 counts none.</param>
/// <param name="burst">How many at once.</param>
/// <param name="time">The clock.</param>
internal sealed class FailedAttempts(int perMinute, int burst, TimeProvider time)
{
    private const int Cells = 16_384;
    private const int Locks = 64;

    // Of the time when the cell is empty again.
    private readonly long[] _first = new long[perMinute == 0 ? 0 : Cells], _second = new long[perMinute == 0 ? 0 : Cells];
    private readonly Lock[] _locks = [.. Enumerable.Range(0, Locks).Select(static _ => new Lock())];
    private readonly long _spacing = perMinute == 0 ? 0 : time.TimestampFrequency * 60 / perMinute;

    private long Tolerance => _spacing * (burst - 1);

    /// <summary>Whether an address has failed too often, without counting anything.</summary>
    /// <param name="address">The address; those that a transport does not know are one.</param>
    /// <param name="wait">Until it may fail again.</param>
    public bool IsOverLimit(IPAddress? address, out TimeSpan wait)
    {
        wait = default;
        if (perMinute == 0)
        {
            return false;
        }

        var (first, second) = PlacesOf(address);
        return IsOver(Math.Min(Volatile.Read(ref _first[first]), Volatile.Read(ref _second[second])), time.GetTimestamp(), out wait);
    }

    /// <summary>Counts a failed attempt.</summary>
    /// <returns>Whether the address was within its limit; nothing is counted of one that was not.</returns>
    public bool TryCount(IPAddress? address, out TimeSpan wait) => TryCount(address, out _, out wait);

    /// <summary>Counts an attempt that may turn out to be none that failed.</summary>
    /// <param name="address">The address; those that a transport does not know are one.</param>
    /// <param name="counted">What to give back then.</param>
    /// <param name="wait">Until it may fail again.</param>
    /// <returns>Whether the address was within its limit; nothing is counted of one that was not.</returns>
    public bool TryCount(IPAddress? address, out CountedAttempt counted, out TimeSpan wait)
    {
        (counted, wait) = (default, default);
        if (perMinute == 0)
        {
            return true;
        }

        var (first, second) = PlacesOf(address);
        lock (_locks[first % Locks])
        {
            var now = time.GetTimestamp();
            var least = Math.Min(Volatile.Read(ref _first[first]), Volatile.Read(ref _second[second]));
            if (IsOver(least, now, out wait))
            {
                return false;
            }

            // A cell that is fuller than that is somebody else's doing.
            var next = Math.Max(least, now) + _spacing;
            counted = new(first, second, Raise(ref _first[first], next, now), Raise(ref _second[second], next, now));
            return true;
        }
    }

    /// <summary>Takes back an attempt that has not failed; once for each.</summary>
    public void GiveBack(in CountedAttempt counted)
    {
        if (counted.OfFirst + counted.OfSecond > 0)
        {
            Interlocked.Add(ref _first[counted.First], -counted.OfFirst);
            Interlocked.Add(ref _second[counted.Second], -counted.OfSecond);
        }
    }

    // Others have a cell in common with this address, and another lock.
    private static long Raise(ref long cell, long next, long now)
    {
        while (true)
        {
            var before = Volatile.Read(ref cell);
            if (before >= next)
            {
                return 0;
            }

            if (Interlocked.CompareExchange(ref cell, next, before) == before)
            {
                return next - Math.Max(before, now);
            }
        }
    }

    private bool IsOver(long cell, long now, out TimeSpan wait)
    {
        var over = cell - now - Tolerance;
        wait = over > 0 ? time.GetElapsedTime(0, over) : default;
        return over > 0;
    }

    private static (int First, int Second) PlacesOf(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        var (high, low) = SipHash.Process.Hash(address is null ? [] : PeerAddress.WriteClient(address, bytes));
        return ((int)(high % Cells), (int)(low % Cells));
    }
}

/// <summary>An attempt that was counted, and by how much it has filled the cells of its address.</summary>
internal readonly record struct CountedAttempt(int First, int Second, long OfFirst, long OfSecond);
