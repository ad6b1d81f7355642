using System.Buffers.Binary;
using System.Security.Cryptography;

namespace GatewayKit.Auditing.Records;

/// <summary>
/// Ids of requests: 26 letters and digits that sort by time, in the form of a ULID (github.com/ulid/spec). Behind the time are 16 bits that are drawn once and 64 that are counted, so that two requests never share
/// one. The count is shuffled by numbers that are drawn once: clients see ids, and how many others there were between two of them is not their business. Safe for concurrent use.
/// </summary>
internal sealed class RequestIds
{
    private const int Length = 26;
    private const int DigitsOfLow = 12;
    private const int BitsOfDigit = 5;
    private const string Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private readonly ushort _high;
    private readonly ulong _first, _second, _third;
    private long _count;

    public RequestIds()
    {
        Span<byte> bytes = stackalloc byte[34];
        RandomNumberGenerator.Fill(bytes);
        (_high, _count) = (BinaryPrimitives.ReadUInt16LittleEndian(bytes), BinaryPrimitives.ReadInt64LittleEndian(bytes[2..]));

        // Odd, so that no two numbers become the same.
        (_first, _second, _third) = (Odd(bytes[10..]), Odd(bytes[18..]), Odd(bytes[26..]));

        static ulong Odd(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64LittleEndian(bytes) | 1;
    }

    /// <summary>Makes an id.</summary>
    /// <param name="now">The time, in UTC.</param>
    public string Next(DateTime now)
    {
        var low = Shuffle((ulong)Interlocked.Increment(ref _count));
        var high = ((ulong)((now - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond) << 16) | _high;
        return string.Create(Length, (high, low), static (text, bits) =>
        {
            var (high, low) = bits;
            for (var i = Length - 1; i >= Length - DigitsOfLow; i--)
            {
                text[i] = Digits[(int)(low & 31)];
                low >>= BitsOfDigit;
            }

            // Four bits are left of the one, and the last one of the other goes with them.
            text[Length - DigitsOfLow - 1] = Digits[(int)(low | ((high & 1) << 4))];
            high >>= 1;
            for (var i = Length - DigitsOfLow - 2; i >= 0; i--)
            {
                text[i] = Digits[(int)(high & 31)];
                high >>= BitsOfDigit;
            }
        });
    }

    private ulong Shuffle(ulong count)
    {
        count *= _first;
        count = (count ^ (count >> 32)) * _second;
        count = (count ^ (count >> 29)) * _third;
        return count ^ (count >> 32);
    }
}
