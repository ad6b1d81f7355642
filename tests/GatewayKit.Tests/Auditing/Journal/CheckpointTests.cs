using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Tests.Auditing.Journal;

public sealed class CheckpointTests
{
    private static readonly Checkpoint Sample = new()
    {
        Instance = "eu1",
        Boot = Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"),
        Segment = 3,
        Sequence = 12_288,
        Hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        Count = 4_096,
        Root = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA",
        Time = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero),
        KeyId = "2026-03",
        Previous = "c2ln",
        IsLast = true,
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Checkpoint_is_read_as_it_was_sealed(bool hasSkipped)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var sealedOne = Sample with { HasSkipped = hasSkipped };
        var read = Checkpoint.TryRead(Seal(sealedOne, key), out var covered, out var signature);
        Assert.Equal(sealedOne, read);
        Assert.Equal(sealedOne.Covered(), covered);
        Assert.True(key.VerifyData(covered, signature, HashAlgorithmName.SHA256));
    }

    [Fact]
    public void Each_bit_of_a_sealed_checkpoint_matters()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var line = Seal(Sample, key);
        for (var bit = 0; bit < line.Length * 8; bit++)
        {
            line[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.False(Holds(line, key), $"bit {bit}");
            line[bit / 8] ^= (byte)(1 << bit % 8);
        }

        Assert.True(Holds(line, key));
    }

    [Fact]
    public void Signature_of_another_key_cut_zeroed_or_of_another_checkpoint_does_not_hold()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signature = key.SignData(Sample.Covered(), HashAlgorithmName.SHA256);
        Assert.False(Holds(Seal(Sample, other), key));
        Assert.False(Holds(Checkpoint.Seal(Sample.Covered(), signature.AsSpan(0, 63)), key));
        Assert.False(Holds(Checkpoint.Seal(Sample.Covered(), []), key));
        Assert.False(Holds(Checkpoint.Seal(Sample.Covered(), new byte[64]), key));
        Assert.False(Holds(Checkpoint.Seal((Sample with { Sequence = 12_289 }).Covered(), signature), key));
        Assert.False(Holds(Checkpoint.Seal((Sample with { Instance = "eu2" }).Covered(), signature), key));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"v":1,"kind":"checkpoint","sig":"AAAA"}""")]
    [InlineData("""{"v":1,"kind":"begin","seq":1,"sig":"AAAA"}""")]
    [InlineData("""{"v":1,"kind":"checkpoint","sig":"????"}""")]
    public void What_is_no_checkpoint_is_not_read(string line) => Assert.Null(Checkpoint.TryRead(Encoding.UTF8.GetBytes(line), out _, out _));

    [Fact]
    public void Number_as_text_is_no_checkpoint()
    {
        var line = Encoding.UTF8.GetString(Checkpoint.Seal(Sample.Covered(), [1, 2, 3]));
        Assert.NotNull(Checkpoint.TryRead(Encoding.UTF8.GetBytes(line), out _, out _));
        Assert.Null(Checkpoint.TryRead(Encoding.UTF8.GetBytes(line.Replace("12288", "\"12288\"", StringComparison.Ordinal)), out _, out _));
        Assert.Null(Checkpoint.TryRead(Encoding.UTF8.GetBytes(line.Replace("12288", "1e400", StringComparison.Ordinal)), out _, out _));
    }

    private static byte[] Seal(Checkpoint checkpoint, ECDsa key) => Checkpoint.Seal(checkpoint.Covered(), key.SignData(checkpoint.Covered(), HashAlgorithmName.SHA256));

    // The way of verification: what is signed is what stands there, not what it would look like if it were written again.
    private static bool Holds(byte[] line, ECDsa key) =>
        Checkpoint.TryRead(line, out var covered, out var signature) is not null && key.VerifyData(covered, signature, HashAlgorithmName.SHA256);
}
