using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace GatewayKit;

/// <summary>
/// SipHash-2-4 with a result of 128 bits (Aumasson and Bernstein, 2012): a keyed hash that is fast on short input. Without the key nobody finds
/// two inputs with one result, so nobody can charge somebody else's allowance. The result does not depend on the machine.
/// </summary>
internal sealed class SipHash(ulong key0, ulong key1)
{
    /// <summary>With a key that this process drew at random.</summary>
    public static SipHash Process { get; } = CreateRandom();

    /// <summary>With a key that everybody knows: for what all instances must agree on, and only for that.</summary>
    public static SipHash Common { get; } = new(0x67617465776179ul, 0x6b6974ul);

    /// <summary>The hash of a text, of its UTF-16 code units.</summary>
    public (ulong High, ulong Low) Hash(ReadOnlySpan<char> text) => Hash(MemoryMarshal.AsBytes(text));

    public (ulong High, ulong Low) Hash(ReadOnlySpan<byte> input)
    {
        // The constants spell "somepseudorandomlygeneratedbytes"; 0xee marks the long result.
        var v0 = key0 ^ 0x736f6d6570736575;
        var v1 = key1 ^ 0x646f72616e646f6d ^ 0xee;
        var v2 = key0 ^ 0x6c7967656e657261;
        var v3 = key1 ^ 0x7465646279746573;
        var rest = input;
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(rest);
            v3 ^= word;
            Round(ref v0, ref v1, ref v2, ref v3);
            Round(ref v0, ref v1, ref v2, ref v3);
            v0 ^= word;
        }

        var last = LastWord(rest, input.Length);
        v3 ^= last;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= last;

        v2 ^= 0xee;
        FourRounds(ref v0, ref v1, ref v2, ref v3);
        var high = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xdd;
        FourRounds(ref v0, ref v1, ref v2, ref v3);
        return (high, v0 ^ v1 ^ v2 ^ v3);
    }

    private static SipHash CreateRandom()
    {
        Span<ulong> key = stackalloc ulong[2];
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(key));
        return new(key[0], key[1]);
    }

    // The bytes that are left and, in the top byte, the length.
    private static ulong LastWord(ReadOnlySpan<byte> rest, int length)
    {
        var last = (ulong)length << 56;
        for (var i = 0; i < rest.Length; i++)
        {
            last |= (ulong)rest[i] << (8 * i);
        }

        return last;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourRounds(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
    }

    // Inlined, so that the four words stay in registers (ThrottlingFilterBenchmarks).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v2 += v3;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
