using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Pipeline;

/// <summary>What a transform may make of a target: the setters of <see cref="ForwardRequest"/> are the one place that looks.</summary>
public sealed class RewrittenTargetTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/a/b")]
    [InlineData("/a//b")]
    [InlineData("/a/b/")]
    [InlineData("/a;x=y/b")]
    [InlineData("/...")]
    [InlineData("/..a/b..")]
    [InlineData("/.well-known/x")]
    [InlineData("/...;x")]
    [InlineData("/%25")]
    [InlineData("/%C3%BC")]
    [InlineData("/a|b\"c")]
    public void Canonical_path_stays_as_it_is(string path) => Assert.Equal(path, Rewritten(path));

    [Theory]
    [InlineData("/a%2Eb", "/a.b")]
    [InlineData("/%7Euser", "/~user")]
    [InlineData("/%c3%bc", "/%C3%BC")]
    [InlineData("/a%3bb", "/a%3Bb")]
    public void Path_becomes_canonical(string path, string canonical) => Assert.Equal(canonical, Rewritten(path));

    [Theory]
    [InlineData(null)]
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
    [InlineData("/a/.%3b")]
    [InlineData("/a\\b")]
    [InlineData("/a%5Cb")]
    [InlineData("/a%2Fb")]
    [InlineData("/a%252Fb")]
    [InlineData("/a?b")]
    [InlineData("/a#b")]
    [InlineData("/a b")]
    [InlineData("/a\rb")]
    [InlineData("/a%00")]
    [InlineData("/a%0D%0Ab")]
    [InlineData("/a%7F")]
    [InlineData("/a%C0%AF")]
    [InlineData("/ü")]
    [InlineData("/100%")]
    [InlineData("/%2")]
    [InlineData("/%zz")]
    public void Path_with_two_readings_is_refused(string? path) =>
        Assert.Same(RejectionReason.AmbiguousPath, Assert.Throws<ForwardTransformException>(() => Rewritten(path!)).Reason);

    [Theory]
    [InlineData("", true)]
    [InlineData("?", true)]
    [InlineData("?a=/b?c&%zz", true)]
    [InlineData(null, false)]
    [InlineData("a=b", false)]
    [InlineData("?a b", false)]
    [InlineData("?a#b", false)]
    [InlineData("?a\nb", false)]
    [InlineData("?ü", false)]
    public void Query_is_visible_ascii_without_fragment(string? query, bool accepted) => Assert.Equal(accepted, RequestTarget.IsQuery(query));

    private static string Rewritten(string path)
    {
        using var message = new HttpRequestMessage();
        return new ForwardRequest(new DefaultHttpContext(), message, new("/old", "")) { Path = path }.Path;
    }
}
