using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using GatewayKit.Identity.ApiKeys;

namespace GatewayKit.Tests.Identity.ApiKeys;

public sealed partial class ApiKeyTests
{
    [Fact]
    public void Key_is_written_as_prefix_id_secret_and_checksum()
    {
        for (var i = 0; i < 1_000; i++)
        {
            var key = ApiKey.Create();
            Assert.Matches(Form(), key.Reveal());
            Assert.Equal(key.Id, key.Reveal().Split('_')[2]);
        }
    }

    [Fact]
    public void Kept_is_the_hash_of_the_secret_and_nothing_else_of_it()
    {
        var key = ApiKey.Create();
        var secret = key.Reveal().Split('_')[3];
        var stored = key.ToStored();
        Assert.Equal(Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(secret))), stored.Hash);
        Assert.Equal(43, stored.Hash.Length);
        Assert.DoesNotContain(secret, stored.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, key.ToString(), StringComparison.Ordinal);
        Assert.Equal($"gk_live_{key.Id}_***", key.ToString());
    }

    [Fact]
    public void Key_that_is_read_again_is_the_same()
    {
        var key = ApiKey.Create("acme_test");
        Assert.True(ApiKey.TryParse(key.Reveal(), out var read, "acme_test"));
        Assert.Equal((key.Id, key.Hash, key.Reveal()), (read.Id, read.Hash, read.Reveal()));
        Assert.False(ApiKey.TryParse(key.Reveal(), out _));
    }

    // The checksum is all there is to find it by: nobody is asked.
    [Fact]
    public void Change_of_any_one_character_is_found()
    {
        var text = ApiKey.Create().Reveal();
        for (var at = 0; at < text.Length; at++)
        {
            foreach (var other in ApiKeyText.Alphabet + "_-. ")
            {
                if (text[at] != other)
                {
                    Assert.False(ApiKey.TryParse($"{text[..at]}{other}{text[(at + 1)..]}", out _), $"at {at}: {other}");
                }
            }
        }
    }

    [Fact]
    public void Swap_of_two_neighbours_is_found()
    {
        var text = ApiKey.Create().Reveal();
        for (var at = 0; at < text.Length - 1; at++)
        {
            if (text[at] != text[at + 1])
            {
                Assert.False(ApiKey.TryParse($"{text[..at]}{text[at + 1]}{text[at]}{text[(at + 2)..]}", out _), $"at {at}");
            }
        }
    }

    [Fact]
    public void Part_of_a_key_is_none()
    {
        var text = ApiKey.Create().Reveal();
        for (var length = 0; length < text.Length; length++)
        {
            Assert.False(ApiKey.TryParse(text.AsSpan(0, length), out _));
            Assert.False(ApiKey.TryParse(text.AsSpan(text.Length - length), out _));
        }

        Assert.False(ApiKey.TryParse(text + "0", out _));
    }

    // CRC-32C of RFC 3720 §B.4 (32 bytes of zero: 8a9136aa), in six digits of base 62.
    [Fact]
    public void Checksum_is_the_one_that_others_compute()
    {
        var text = ApiKeyText.Create("k", "00000000", new string('0', ApiKeyText.SecretLength));
        Assert.Equal(Reference("k_00000000_" + new string('0', ApiKeyText.SecretLength)), text[^6..]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("_")]
    [InlineData("gk_")]
    [InlineData("_gk")]
    [InlineData("gk__live")]
    [InlineData("gk-live")]
    [InlineData("ключ")]
    [InlineData("a123456789012345678901234567890123")]
    public void Prefix_of_another_form_is_refused(string prefix)
    {
        Assert.Throws<ArgumentException>(() => ApiKey.Create(prefix));
        Assert.False(ApiKey.TryParse(ApiKey.Create().Reveal(), out _, prefix));
    }

    private static string Reference(string text)
    {
        var crc = uint.MaxValue;
        foreach (var one in Encoding.ASCII.GetBytes(text))
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0x82F63B78;
            }
        }

        crc = ~crc;
        var digits = new char[6];
        for (var i = 5; i >= 0; i--, crc /= 62)
        {
            digits[i] = ApiKeyText.Alphabet[(int)(crc % 62)];
        }

        return new(digits);
    }

    [GeneratedRegex("^gk_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$")]
    private static partial Regex Form();
}
