using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Pipeline;

public sealed class TargetRulesTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/a/b")]
    [InlineData("/a//b")]
    [InlineData("/a/b/")]
    [InlineData("/a;x=y/b")]
    [InlineData("/a%2Fb")]
    [InlineData("/...")]
    [InlineData("/..a/b..")]
    [InlineData("/a%2Eb")]
    [InlineData("/%25")]
    [InlineData("/%C3%BC")]
    [InlineData("/a|b\"c")]
    public void Path_with_one_reading_is_accepted(string path) => Assert.True(TargetRules.IsPath(path));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("//evil/x")]
    [InlineData("/a/../b")]
    [InlineData("/..")]
    [InlineData("/.")]
    [InlineData("/a/./b")]
    [InlineData("/a/%2e%2E/b")]
    [InlineData("/a/.%2e")]
    [InlineData("/a%2F..%2Fb")]
    [InlineData("/a%2f%2e%2e")]
    [InlineData("/%2F../b")]
    [InlineData("/a/..;/b")]
    [InlineData("/a/..%3B/b")]
    [InlineData("/a\\b")]
    [InlineData("/a%5Cb")]
    [InlineData("/a?b")]
    [InlineData("/a#b")]
    [InlineData("/a b")]
    [InlineData("/a\rb")]
    [InlineData("/a%00")]
    [InlineData("/a%0D%0Ab")]
    [InlineData("/a%7F")]
    [InlineData("/ü")]
    [InlineData("/100%")]
    [InlineData("/%2")]
    [InlineData("/%zz")]
    public void Path_with_two_readings_is_refused(string path) => Assert.False(TargetRules.IsPath(path));

    [Theory]
    [InlineData("", true)]
    [InlineData("?", true)]
    [InlineData("?a=/b?c&%zz", true)]
    [InlineData("a=b", false)]
    [InlineData("?a b", false)]
    [InlineData("?a#b", false)]
    [InlineData("?a\nb", false)]
    [InlineData("?ü", false)]
    public void Query_is_visible_ascii_without_fragment(string query, bool accepted) => Assert.Equal(accepted, TargetRules.IsQuery(query));
}
