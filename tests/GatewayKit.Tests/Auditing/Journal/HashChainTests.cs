using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Tests.Auditing.Journal;

public sealed class HashChainTests
{
    private static readonly Guid Boot = Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e");

    [Fact]
    public void Hash_covers_the_hash_before_and_the_line()
    {
        var start = SHA256.HashData("start"u8);
        var chain = new HashChain(start);
        var first = chain.Append("a line"u8).ToArray();
        Assert.Equal(SHA256.HashData([.. start, .. "a line"u8]), first);
        Assert.Equal(SHA256.HashData([.. first, .. "the next"u8]), chain.Append("the next"u8).ToArray());
    }

    [Theory]
    [InlineData(4_095)]
    [InlineData(4_096)]
    [InlineData(4_097)]
    [InlineData(100_000)]
    public void Line_may_be_of_any_length(int length)
    {
        var (start, line) = (new byte[HashChain.HashBytes], new byte[length]);
        Array.Fill(line, (byte)'x');
        Assert.Equal(SHA256.HashData([.. start, .. line]), new HashChain(start).Append(line).ToArray());
    }

    [Fact]
    public void Genesis_has_each_part_with_its_length_in_front()
    {
        byte[] before = SHA256.HashData("before"u8);
        byte[] expected =
        [
            0, 0, 0, 10, .. "gk.audit/1"u8,
            0, 0, 0, 3, .. "eu1"u8,
            0, 0, 0, 36, .. Encoding.ASCII.GetBytes(Boot.ToString("D")),
            0, 0, 0, 32, .. before,
        ];
        Assert.Equal(SHA256.HashData(expected), HashChain.Genesis("eu1", Boot, before));
    }

    [Fact]
    public void Genesis_differs_with_each_of_its_parts()
    {
        byte[][] all =
        [
            HashChain.Genesis("a", Boot, []),
            HashChain.Genesis("b", Boot, []),
            HashChain.Genesis("a", Guid.Empty, []),
            HashChain.Genesis("a", Boot, new byte[HashChain.HashBytes]),
        ];
        Assert.Equal(all.Length, all.Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void Hash_is_read_as_it_is_written()
    {
        var (text, read) = (new byte[HashChain.TextBytes], new byte[HashChain.HashBytes]);
        for (var i = 0; i < 256; i++)
        {
            var hash = SHA256.HashData([(byte)i]);
            HashChain.Write(hash, text);
            Assert.True(HashChain.TryRead(text, read));
            Assert.Equal(hash, read);
        }
    }

    [Fact]
    public void Hash_has_one_spelling()
    {
        var (text, read) = (new byte[HashChain.TextBytes], new byte[HashChain.HashBytes]);
        var hash = SHA256.HashData("one"u8);
        HashChain.Write(hash, text);
        for (var bit = 0; bit < text.Length * 8; bit++)
        {
            text[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.False(HashChain.TryRead(text, read) && read.SequenceEqual(hash), $"bit {bit}");
            text[bit / 8] ^= (byte)(1 << bit % 8);
        }

        Assert.False(HashChain.TryRead(text.AsSpan(1), read));
        Assert.False(HashChain.TryRead([.. text, (byte)'='], read));
        Assert.False(HashChain.TryRead([(byte)' ', .. text.AsSpan(1)], read));
    }
}
