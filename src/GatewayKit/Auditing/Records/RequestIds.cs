using System.Buffers.Binary;
using System.Security.Cryptography;

namespace GatewayKit.Auditing.Records;

/// <summary>
/// Ids of requests: 26 letters and digits that sort by time, in the form of a ULID (github.com/ulid/spec). The 80 bits behind the time are drawn once and counted on from
/// there, so that two requests never share one. Safe for concurrent use.
/// </summary>
internal sealed class RequestIds
{
    private const int Length = 26;
    private const string Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private readonly ushort _high;
    private long _low;

    public RequestIds()
    {
        Span<byte> bytes = stackalloc byte[10];
        RandomNumberGenerator.Fill(bytes);
        (_high, _low) = (BinaryPrimitives.ReadUInt16LittleEndian(bytes), BinaryPrimitives.ReadInt64LittleEndian(bytes[2..]));
    }

    /// <summary>Makes an id.</summary>
    /// <param name="time">When the request came.</param>
    public string Next(DateTimeOffset time)
    {
        var low = (ulong)Interlocked.Increment(ref _low);
        var high = ((ulong)time.ToUnixTimeMilliseconds() << 16) | _high;
        return string.Create(Length, new UInt128(high, low), static (text, bits) =>
        {
            for (var i = Length - 1; i >= 0; i--)
            {
                text[i] = Digits[(int)(bits & 31)];
                bits >>= 5;
            }
        });
    }
}
