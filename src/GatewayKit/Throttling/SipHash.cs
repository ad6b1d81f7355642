using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace GatewayKit.Throttling;

/// <summary>
/// SipHash-2-4 with a result of 128 bits (Aumasson and Bernstein, 2012): a keyed hash that is fast on short input. Without the key nobody finds
/// two inputs with one result, so nobody can charge somebody else's allowance.
/// </summary>
internal sealed class SipHash(ulong key0, ulong key1)
{
    /// <summary>With a key that this process drew at random.</summary>
    public static SipHash Process { get; } = CreateRandom();

    public ThrottleKey Hash(ReadOnlySpan<byte> input)
    {
        var state = new State(key0, key1);
        var rest = input;
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
        {
            state.Absorb(BinaryPrimitives.ReadUInt64LittleEndian(rest));
        }

        // The last word holds the bytes that are left and, in its top byte, the length.
        var last = (ulong)input.Length << 56;
        for (var i = 0; i < rest.Length; i++)
        {
            last |= (ulong)rest[i] << (8 * i);
        }

        state.Absorb(last);
        return state.Finish();
    }

    private static SipHash CreateRandom()
    {
        Span<ulong> key = stackalloc ulong[2];
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(key));
        return new(key[0], key[1]);
    }

    private struct State(ulong key0, ulong key1)
    {
        // The constants spell "somepseudorandomlygeneratedbytes"; 0xee marks the long result.
        private ulong _v0 = key0 ^ 0x736f6d6570736575;
        private ulong _v1 = key1 ^ 0x646f72616e646f6d ^ 0xee;
        private ulong _v2 = key0 ^ 0x6c7967656e657261;
        private ulong _v3 = key1 ^ 0x7465646279746573;

        public void Absorb(ulong word)
        {
            _v3 ^= word;
            Mix(2);
            _v0 ^= word;
        }

        public ThrottleKey Finish()
        {
            _v2 ^= 0xee;
            Mix(4);
            var high = _v0 ^ _v1 ^ _v2 ^ _v3;
            _v1 ^= 0xdd;
            Mix(4);
            return new(high, _v0 ^ _v1 ^ _v2 ^ _v3);
        }

        private void Mix(int rounds)
        {
            for (var i = 0; i < rounds; i++)
            {
                _v0 += _v1;
                _v2 += _v3;
                _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
                _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
                _v0 = BitOperations.RotateLeft(_v0, 32);
                _v2 += _v1;
                _v0 += _v3;
                _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
                _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
                _v2 = BitOperations.RotateLeft(_v2, 32);
            }
        }
    }
}
