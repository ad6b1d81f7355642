using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Transforms;

public sealed class PathTransformTests
{
    [Theory]
    [InlineData("/a", "/base/a")]
    [InlineData("/", "/base/")]
    [InlineData("//a", "/base//a")]
    [InlineData("/%C3%BC/", "/base/%C3%BC/")]
    public void Prefix_is_put_in_front(string path, string expected) =>
        Assert.Equal(expected, new Exchange(path).Apply(steps => steps.PathPrefix("/base")).Request.Path);

    [Theory]
    [InlineData("/api/a", "/a", "/api")]
    [InlineData("/API/a", "/a", "/API")]
    [InlineData("/api", "/", "/api")]
    [InlineData("/api/", "/", "/api")]
    [InlineData("/apiadmin", "/apiadmin", null)]
    [InlineData("/x/api/a", "/x/api/a", null)]
    public void Prefix_is_removed_by_whole_segments_and_remembered(string path, string expected, string? removed)
    {
        var exchange = new Exchange(path).Apply(steps => steps.PathRemovePrefix("/api"));
        Assert.Equal((expected, removed), (exchange.Request.Path, exchange.Request.RemovedPrefix));
    }

    [Theory]
    [InlineData("/api//evil.example/x")]
    [InlineData("/api/%2e%2e/x")]
    public void Path_that_removal_makes_ambiguous_is_refused(string path)
    {
        var exception = Assert.Throws<ForwardTransformException>(() => new Exchange(path).Apply(steps => steps.PathRemovePrefix("/api")));
        Assert.Same(RejectionReason.AmbiguousPath, exception.Reason);
    }

    [Theory]
    [InlineData("/%7Euser")]
    [InlineData("/~user")]
    public void Prefix_finds_itself_in_the_canonical_path_however_it_is_written(string prefix) =>
        Assert.Equal("/a", new Exchange("/~user/a").Apply(steps => steps.PathRemovePrefix(prefix)).Request.Path);

    [Fact]
    public void Removed_prefixes_add_up() =>
        Assert.Equal("/a/b", new Exchange("/a/b/c").Apply(steps => steps.PathRemovePrefix("/a").PathRemovePrefix("/b")).Request.RemovedPrefix);

    [Fact]
    public void Path_is_replaced_and_the_query_stays()
    {
        var exchange = new Exchange("/a", "?x=1").Apply(steps => steps.PathSet("/b"));
        Assert.Equal(("/b", "?x=1"), (exchange.Request.Path, exchange.Request.Query));
    }

    [Theory]
    [InlineData("/v2/{tenant}/{**rest}", "/v2/blue/x/y")]
    [InlineData("/v2/{*rest}", null)]
    [InlineData("/v2/{tenant}.{**rest}", null)]
    [InlineData("/v2/t-{tenant}", "/v2/t-blue")]
    [InlineData("/v2/{none?}", "/v2")]
    [InlineData("/v2/{none=d}", "/v2/d")]
    [InlineData("/{tenant}/{none=d}/x", "/blue/d/x")]
    public void Pattern_is_filled_with_route_values(string pattern, string? expected)
    {
        if (expected is null)
        {
            Assert.NotEmpty(TransformValidationTests.ErrorsOf(steps => steps.PathPattern(pattern)));
            return;
        }

        Assert.Equal(expected, new Exchange("/old").With(("tenant", "blue"), ("rest", "x/y")).Apply(steps => steps.PathPattern(pattern)).Request.Path);
    }

    [Theory]
    [InlineData("a b", "a%20b")]
    [InlineData("100%", "100%25")]
    [InlineData("%41", "%2541")]
    [InlineData("a?b#c", "a%3Fb%23c")]
    [InlineData("ü漢😀", "%C3%BC%E6%BC%A2%F0%9F%98%80")]
    [InlineData("it's(1);v=2:3@x", "it's(1);v=2:3@x")]
    public void Value_is_encoded_once(string value, string expected) =>
        Assert.Equal("/p/" + expected, new Exchange().With(("v", value)).Apply(steps => steps.PathPattern("/p/{v}")).Request.Path);

    [Theory]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a%2fb")]
    [InlineData("a%252Fb")]
    [InlineData("a%2F..%2Fb")]
    [InlineData("..;x")]
    [InlineData("a\\b")]
    [InlineData("a\r\nb")]
    [InlineData("a\0b")]
    public void Value_that_would_lead_elsewhere_is_refused(string value) =>
        Assert.Throws<ForwardTransformException>(() => new Exchange().With(("v", value)).Apply(steps => steps.PathPattern("/p/{v}")));

    [Fact]
    public void Value_that_is_no_unicode_is_refused() =>
        Assert.Throws<ForwardTransformException>(() => new Exchange().With(("v", "a\uD800")).Apply(steps => steps.PathPattern("/p/{v}")));

    [Theory]
    [InlineData("/{**rest}", "/evil.example/x")]
    [InlineData("/p/{**rest}", "../x")]
    public void Catch_all_cannot_become_an_authority_or_climb(string pattern, string rest) =>
        Assert.Throws<ForwardTransformException>(() => new Exchange().With(("rest", rest)).Apply(steps => steps.PathPattern(pattern)));

    [Theory]
    [InlineData("/orders", "/v2")]
    [InlineData("/orders/", "/v2/")]
    public void Empty_catch_all_keeps_the_slash_at_the_end_as_it_was(string path, string expected) =>
        Assert.Equal(expected, new Exchange(path).With(("rest", null)).Apply(steps => steps.PathPattern("/v2/{**rest}")).Request.Path);
}
