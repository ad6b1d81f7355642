using System.Text;

namespace GatewayKit.WireTests.Fuzz;

/// <summary>Spoils bytes: what a generator of valid messages would never think of.</summary>
internal static class Mutation
{
    private static readonly byte[][] Words =
    [
        .. new[]
        {
            "\r\n", "\n", "\r", "\0", " ", "\t", ":", ",", ";", "\r\n\r\n", "0\r\n\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n", "Content-Length: +5\r\n",
            "Connection: close, x-a\r\n", "Host: b\r\n", " HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", "%2f", "%00", "%25", "..", "/../", "//", "?", "#", "\\", "\x7F", "\u00E9", "\u00FF",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "99999999999999999999", "-1", "0x10", "FFFFFFFFFFFFFFFF", "Upgrade: websocket\r\n", "Expect: 100-continue\r\n", "\x0b", "chunked", "\"",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    /// <summary>Changes some bytes; sometimes none.</summary>
    public static byte[] Apply(byte[] bytes, Random random)
    {
        for (var rounds = random.Next(4); rounds > 0 && bytes.Length > 0; rounds--)
        {
            var at = random.Next(bytes.Length);
            var end = Math.Min(bytes.Length, at + 1 + (random.Next(4) == 0 ? random.Next(64) : random.Next(4)));
            bytes = random.Next(8) switch
            {
                0 => Flip(bytes, at, random),
                1 => [.. bytes[..at], .. bytes[end..]],
                2 => [.. bytes[..end], .. bytes[at..end], .. bytes[end..]],
                3 => bytes[..at],
                4 => Swap(bytes, at, random.Next(bytes.Length)),
                5 => [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]],
                6 => [.. bytes[..at], .. Enumerable.Repeat(bytes[at], random.Next(1, 2_000)), .. bytes[end..]],
                _ => [.. bytes[..at], .. Words[random.Next(Words.Length)], .. bytes[at..]],
            };
        }

        return bytes;
    }

    /// <summary>The smallest part of an input that still fails, as far as some hundred attempts find it.</summary>
    public static async Task<byte[]> ShrinkAsync(byte[] input, Func<byte[], Task<bool>> fails)
    {
        var attempts = 400;
        for (var size = Math.Max(1, input.Length / 2); size > 0 && attempts > 0; size /= 2)
        {
            for (var at = 0; at < input.Length && attempts > 0;)
            {
                byte[] without = [.. input[..at], .. input[Math.Min(input.Length, at + size)..]];
                attempts--;
                if (await fails(without))
                {
                    input = without;
                }
                else
                {
                    at += size;
                }
            }
        }

        return input;
    }

    private static byte[] Flip(byte[] bytes, int at, Random random)
    {
        byte[] copy = [.. bytes];
        copy[at] ^= (byte)(1 << random.Next(8));
        return copy;
    }

    private static byte[] Swap(byte[] bytes, int one, int other)
    {
        byte[] copy = [.. bytes];
        (copy[one], copy[other]) = (copy[other], copy[one]);
        return copy;
    }
}
