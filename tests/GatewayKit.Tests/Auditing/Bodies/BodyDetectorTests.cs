using System.Diagnostics;
using System.Text;

namespace GatewayKit.Tests.Auditing.Bodies;

public sealed class BodyDetectorTests
{
    private const string Jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl";

    [Theory]
    [InlineData("4111111111111111")]
    [InlineData("4111 1111 1111 1111")]
    [InlineData("4111-1111-1111-1111")]
    [InlineData("4111 - 1111 - 1111 - 1111")]
    [InlineData("4111\u00A01111\u00A01111\u00A01111")]
    [InlineData("4111\u20131111\u20131111\u20131111")]
    [InlineData("41 11 11 11 11 11 11 11")]
    [InlineData("378282246310005")]
    [InlineData("3782 822463 10005")]
    [InlineData("5555555555554444")]
    [InlineData("2223003122003222")]
    [InlineData("6011111111111117")]
    [InlineData("30569309025904")]
    [InlineData("3530111333300000")]
    [InlineData("4222222222222")]
    [InlineData("6304000000000000000")]
    [InlineData("\u0664\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661")]
    [InlineData("\uFF14111111111111111")]
    public void Card_number_is_found_however_it_is_written(string card)
    {
        foreach (var (front, behind) in ((string, string)[])[("", ""), ("card ", " end"), ("PAN", "x"), ("(", ")"), ("12 ", " 7"), ("\"", "\""), ("=", "&"), ("7/", "/12")])
        {
            var text = CleanBody.Plain($"{front}{card}{behind}");
            Assert.Contains("[card]", text, StringComparison.Ordinal);
            Assert.DoesNotContain(card, text, StringComparison.Ordinal);
            Assert.DoesNotContain(card[^4..], text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("4111111111111112")]
    [InlineData("4111 1111 1111 1112")]
    [InlineData("1111111111111117")]
    [InlineData("41111111111111110000000")]
    [InlineData("411111111111")]
    [InlineData("4111.1111.1111.1111")]
    [InlineData("4111a1111b1111c1111")]
    [InlineData("1732872902087")]
    [InlineData("20261129101502")]
    [InlineData("2026-11-29T10:15:02.0871310Z")]
    [InlineData("0000000000000000")]
    public void Number_that_is_no_card_stays(string number) => Assert.Equal(number, CleanBody.Plain(number));

    [Fact]
    public void Most_long_numbers_are_no_cards()
    {
        // Luhn's check lets a tenth of all numbers through, and an issuer has half of all beginnings.
        var found = Enumerable.Range(0, 10_000).Count(static i => CleanBody.Plain($"{(ulong)i * 1_000_003_000_007UL % 10_000_000_000_000_000UL:D16}").Contains("[card]", StringComparison.Ordinal));
        Assert.InRange(found, 1, 1_000);
    }

    [Theory]
    [InlineData(Jwt, "[token]")]
    [InlineData($"Bearer {Jwt}", "Bearer [token]")]
    [InlineData($"token={Jwt}&x=1", "token=[token]&x=1")]
    [InlineData($"Bearer%20{Jwt}", "Bearer%20[token]")]
    [InlineData($"a\\n{Jwt}", "a\\n[token]")]
    [InlineData($"heyJude. {Jwt}", "heyJude. [token]")]
    [InlineData($"heyJude.{Jwt}", "heyJude.[token]")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9", "[token]")]
    [InlineData("heyJude, eyJ and eyJab", "heyJude, eyJ and eyJab")]
    [InlineData("gk_live_4gKb09Zx_abcdefghijklmnop_0a1b2c", "[key]")]
    [InlineData("X-Api-Key: gk_test_4gKb09Zx_abcdefgh;", "X-Api-Key: [key];")]
    [InlineData("GK_LIVE_abcdefgh", "[key]")]
    [InlineData("gk_live_", "gk_live_")]
    [InlineData("bugk_live_abcdefgh", "bugk_live_abcdefgh")]
    [InlineData("AKIAIOSFODNN7EXAMPLE", "[key]")]
    [InlineData("id=ASIAIOSFODNN7EXAMPLE,", "id=[key],")]
    [InlineData("SLOVAKIA", "SLOVAKIA")]
    [InlineData("AKIASHORT", "AKIASHORT")]
    public void Token_or_key_is_found_and_what_is_none_stays(string text, string expected) => Assert.Equal(expected, CleanBody.Plain(text));

    [Theory]
    [InlineData("anna@example.com", "[email]")]
    [InlineData("<anna.b+c@mail.example.co.uk>, b", "<[email]>, b")]
    [InlineData("mailto:anna@example.com.", "mailto:[email].")]
    [InlineData("anna%40example.com", "[email]")]
    [InlineData("jürgen@müller.de", "[email]")]
    [InlineData("a@b.cc c@d.ee", "[email] [email]")]
    [InlineData("a@b@c.dd", "a@[email]")]
    [InlineData("@example.com", "@example.com")]
    [InlineData("anna@host", "anna@host")]
    [InlineData("anna@", "anna@")]
    [InlineData("anna@.com", "anna@.com")]
    [InlineData("1 @ 2.50", "1 @ 2.50")]
    [InlineData("100%400", "100%400")]
    public void Mail_address_is_found_and_what_is_none_stays(string text, string expected) => Assert.Equal(expected, CleanBody.Plain(text));

    [Theory]
    [InlineData("\\u0065yJhbGciOiJIUzI1NiJ9")]
    [InlineData("e\\u0079JhbGciOiJIUzI1NiJ9")]
    [InlineData("\\u005cu0065yJhbGciOiJIUzI1NiJ9")]
    [InlineData("\\u0041KIAIOSFODNN7EXAMPLE")]
    [InlineData("\\u0067k_live_abcdefgh")]
    [InlineData("\\u0034111111111111111")]
    [InlineData("anna\\u0040example.com")]
    public void Escape_hides_nothing(string escaped)
    {
        Assert.Matches(@"^\[(token|key|card|email)\]$", CleanBody.Plain(escaped));
        Assert.Matches(@"^\{""a"":""\[(token|key|card|email)\]""\}$", CleanBody.Json($"{{\"a\":\"{escaped}\"}}")!);
        Assert.Matches(@"^\{""\[(token|key|card|email)\]"":1\}$", CleanBody.Json($"{{\"{escaped}\":1}}")!);

        // JSON in a string of JSON.
        Assert.Matches(@"\[(token|key|card|email)\]", CleanBody.Json($"{{\"a\":\"{{\\\"b\\\":\\\"{escaped.Replace("\\", "\\\\", StringComparison.Ordinal)}\\\"}}\"}}")!);
    }

    [Theory]
    [InlineData("card 4111 1111 1111 1111")]
    [InlineData("card 4111111111111111")]
    [InlineData($"token {Jwt}")]
    [InlineData("key gk_live_4gKb09Zx_abcdefghijklmnop_0a1b2c")]
    [InlineData("key AKIAIOSFODNN7EXAMPLE")]
    [InlineData("mail anna.schmidt@example.com")]
    [InlineData("secret my-long-password")]
    public void Wherever_a_text_is_cut_no_half_of_a_secret_is_left(string text)
    {
        var front = text[..text.IndexOf(' ', StringComparison.Ordinal)];
        for (var length = 0; length <= text.Length; length++)
        {
            Assert.True(front.StartsWith(CleanBody.Plain(text[..length], isCut: true, "my-long-password"), StringComparison.Ordinal), text[..length]);
        }
    }

    [Theory]
    [InlineData("pass: ", "correct horse battery staple", "correct horse battery staple")]
    [InlineData("pass: ", "Correct Horse Battery", "correct horse battery")]
    [InlineData("pass: ", "corrig\u00E9 4 me", "corrig\u00E9 4 me")]
    [InlineData("pass: ", "\\u0063orrect horse", "correct horse")]
    [InlineData("pass: an-", "an-an b c", "an-an b c")]
    [InlineData("pass: aa ", "aa aa ab", "aa aa ab")]
    public void Wherever_a_text_is_cut_no_first_words_of_a_secret_are_left(string front, string text, string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(front + text);
        for (var length = bytes.Length; length > 0; length--)
        {
            var shown = CleanBody.Plain(bytes.AsSpan(0, length), isCut: true, secret)!;
            Assert.True(front.StartsWith(shown, StringComparison.Ordinal) && (length < front.Length || shown.StartsWith("pass:", StringComparison.Ordinal)), $"{length}: {shown}");
        }
    }

    [Fact]
    public void Text_that_only_begins_like_a_secret_stays() =>
        Assert.Equal("the correct horse is", CleanBody.Plain("the correct horse is there", isCut: true, "correct horse battery"));

    [Fact]
    public void Credential_of_the_request_is_found_in_any_case_and_number()
    {
        Assert.Equal("a [credential] [email][credential][email]", CleanBody.Plain("a s3cret-value bS3CRET-VALUEx@y.zz", isCut: false, "s3cret-value"));
        Assert.Equal("[credential]", CleanBody.Plain("Bearer s3cret", isCut: false, "Bearer s3cret", "s3cret"));
    }

    [Fact]
    public void What_is_no_text_is_none()
    {
        Assert.Null(CleanBody.Plain([1, 0, 2]));
        Assert.Equal("a\uFFFDb", CleanBody.Plain([(byte)'a', 0xFF, (byte)'b']));
    }

    [Theory]
    [InlineData("@")]
    [InlineData("a@")]
    [InlineData("a%40")]
    [InlineData("eyJ")]
    [InlineData("aeyJ")]
    [InlineData("gk_")]
    [InlineData("gk_a_")]
    [InlineData("AKIA")]
    [InlineData("4 ")]
    [InlineData("41")]
    [InlineData("\\u005c")]
    [InlineData("\\u")]
    [InlineData("%")]
    public void No_text_takes_more_time_than_its_length(string part)
    {
        // 2 KiB of it, fifty times: a moment if each character costs a few steps, minutes if it costs all others.
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(part, 2_048 / part.Length)));
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 50; i++)
        {
            _ = CleanBody.Plain(text);
        }

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    [Fact]
    public void Any_bytes_are_read_without_a_fault()
    {
        var random = new Random(4711);
        const string Alphabet = "{}[]\",:\\u0041 4-1@%.eyJgk_AKIA\n\t=&+\u00E9\u20AC";
        for (var i = 0; i < 5_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            var bytes = Encoding.UTF8.GetBytes(text);
            var cut = bytes.AsSpan(0, random.Next(bytes.Length + 1));
            _ = CleanBody.Json(cut, isCut: true, "$..a", "$[*][0]");
            _ = CleanBody.Json(bytes, isCut: false);
            _ = CleanBody.Form(text, isCut: i % 2 is 0, "$.a");
            _ = CleanBody.Plain(cut, isCut: i % 2 is 0);
        }
    }
}
