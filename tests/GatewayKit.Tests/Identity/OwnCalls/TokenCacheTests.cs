using GatewayKit.Identity.OwnCalls;

namespace GatewayKit.Tests.Identity.OwnCalls;

public sealed class TokenCacheTests
{
    [Fact]
    public void Number_that_is_kept_has_an_end()
    {
        var cache = new TokenCache<string>(100);
        for (var i = 0; i < 10_000; i++)
        {
            cache.Set(TokenHash.Of($"token-{i}"), "x");
            Assert.InRange(cache.Count, 1, 100);
        }
    }

    [Fact]
    public void What_is_used_stays()
    {
        var cache = new TokenCache<string>(100);
        var used = TokenHash.Of("used");
        cache.Set(used, "used");
        for (var i = 0; i < 1_000; i++)
        {
            cache.Set(TokenHash.Of($"token-{i}"), "x");
            Assert.Equal("used", cache.Find(used));
        }
    }

    [Fact]
    public void What_is_forgotten_does_not_come_back()
    {
        var cache = new TokenCache<string>(4);
        var token = TokenHash.Of("token");
        cache.Set(token, "first");
        cache.Set(TokenHash.Of("a"), "x");
        cache.Set(TokenHash.Of("b"), "x");
        cache.Set(token, "second");
        cache.Remove(token);
        Assert.Null(cache.Find(token));
        Assert.Equal("made", cache.GetOrAdd(token, "made", static made => made));
        Assert.Equal("made", cache.GetOrAdd(token, "again", static made => made));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_024)]
    [InlineData(1_025)]
    [InlineData(8_192)]
    public void Tokens_of_any_length_are_told_apart(int length)
    {
        var token = new string('a', length);
        Assert.Equal(TokenHash.Of(token), TokenHash.Of(token));
        Assert.NotEqual(TokenHash.Of(token), TokenHash.Of(string.Concat(token.AsSpan(1), "b")));
    }
}
