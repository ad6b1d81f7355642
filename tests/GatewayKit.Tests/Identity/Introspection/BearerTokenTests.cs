using GatewayKit.Identity.Introspection;

namespace GatewayKit.Tests.Identity.Introspection;

public sealed class BearerTokenTests
{
    [Theory]
    [InlineData("Bearer abc", "abc")]
    [InlineData("bearer abc", "abc")]
    [InlineData("BEARER   abc  ", "abc")]
    [InlineData("Bearer A-Za.z0_9~+/==", "A-Za.z0_9~+/==")]
    public void Token_is_read(string value, string token)
    {
        Assert.Equal(BearerPresence.Once, BearerToken.Find(value, "gk_live", out var found));
        Assert.Equal(token, found.ToString());
    }

    [Theory]
    [InlineData("Basic YTpi", 0)]
    [InlineData("Bearerabc", 0)]
    [InlineData("Digest a=\"Bearer x\"", 0)]
    [InlineData("Bearer gk_live_anything", 0)]
    [InlineData("Bearer", 3)]
    [InlineData("Bearer\tabc", 3)]
    [InlineData("bearer\u00a0abc", 3)]
    [InlineData("Bearer,abc", 2)]
    [InlineData("Bearer=abc", 3)]
    [InlineData("Bearer ", 3)]
    [InlineData("Bearer ==", 3)]
    [InlineData("Bearer a=b", 3)]
    [InlineData("Bearer a b", 3)]
    [InlineData("Bearer a\tb", 3)]
    [InlineData("Bearer a,b=c", 3)]
    [InlineData("Bearer \"a\"", 3)]
    [InlineData("Bearer a%20b", 3)]
    [InlineData("Bearer é", 3)]
    [InlineData("Bearer a\0b", 3)]
    [InlineData("Bearer a, Bearer b", 2)]
    [InlineData("Bearer a, Basic YTpi", 2)]
    public void What_is_no_token_is_told_apart(string value, int presence)
    {
        Assert.Equal((BearerPresence)presence, BearerToken.Find(value, "gk_live", out var token));
        Assert.True(token.IsEmpty);
    }

    [Fact]
    public void Two_fields_are_two_credentials() => Assert.Equal(BearerPresence.Twice, BearerToken.Find(new(["Bearer a", "Bearer a"]), "gk_live", out _));

    [Fact]
    public void None_is_none() => Assert.Equal(BearerPresence.Absent, BearerToken.Find(default, "gk_live", out _));

    [Theory]
    [InlineData(8_192, 1)]
    [InlineData(8_193, 3)]
    public void Length_has_an_end(int length, int presence) => Assert.Equal((BearerPresence)presence, BearerToken.Find($"Bearer {new string('a', length)}", "gk_live", out _));
}
