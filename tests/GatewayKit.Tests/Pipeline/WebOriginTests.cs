using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Pipeline;

public sealed class WebOriginTests
{
    [Theory]
    [InlineData(null, "a.example", "http", true)]
    [InlineData("http://a.example", "a.example", "http", true)]
    [InlineData("https://a.example", "a.example", "https", true)]
    [InlineData("https://A.example", "a.EXAMPLE", "https", true)]
    [InlineData("https://a.example", "a.example:443", "https", true)]
    [InlineData("https://a.example:443", "a.example", "https", true)]
    [InlineData("http://a.example:8080", "a.example:8080", "http", true)]
    [InlineData("http://[::1]:8080", "[::1]:8080", "http", true)]

    // TLS ends in front of the gateway.
    [InlineData("https://a.example", "a.example", "http", true)]

    // Somebody between may have written a page that was not secured.
    [InlineData("http://a.example", "a.example", "https", false)]
    [InlineData("https://b.example", "a.example", "https", false)]
    [InlineData("https://a.example.evil", "a.example", "https", false)]
    [InlineData("https://evil-a.example", "a.example", "https", false)]
    [InlineData("https://a.example:8443", "a.example", "https", false)]
    [InlineData("null", "a.example", "https", false)]
    [InlineData("", "a.example", "https", false)]
    [InlineData("https://", "a.example", "https", false)]
    [InlineData("https://a.example/", "a.example", "https", false)]
    [InlineData("https://a.example@evil", "evil", "https", false)]
    [InlineData("file://a.example", "a.example", "http", false)]
    [InlineData("https://a.example, https://a.example", "a.example", "https", false)]

    // Several colons are no name with a port.
    [InlineData("http://1:2:3", "1:2:3", "http", false)]
    [InlineData("http://1:2:3", "a.example", "http", false)]
    [InlineData("http://::1", "[::1]", "http", false)]
    [InlineData("http://a.example", "1:2:3", "http", false)]
    [InlineData("http://a.example:", "a.example", "http", false)]
    [InlineData("http://a.example:0", "a.example", "http", false)]
    [InlineData("http://[::1", "a.example", "http", false)]
    [InlineData("http://[::1]", "[::1]", "http", true)]
    [InlineData("http://]:1[", "a.example", "http", false)]
    [InlineData("http://:80", "a.example", "http", false)]
    public void Page_of_the_same_host_is_known(string? origin, string host, string scheme, bool same)
    {
        var request = new DefaultHttpContext().Request;
        (request.Scheme, request.Host) = (scheme, new HostString(host));
        if (origin is not null)
        {
            request.Headers.Origin = origin;
        }

        Assert.Equal(same, WebSocketHandshake.IsOfSameHost(request));
    }

    [Fact]
    public void Two_origins_are_none()
    {
        var request = new DefaultHttpContext().Request;
        (request.Scheme, request.Host) = ("http", new HostString("a"));
        request.Headers.Origin = new(["http://a", "http://a"]);
        Assert.False(WebSocketHandshake.IsOfSameHost(request));
    }

    [Theory]
    [InlineData("https://app.example.com", "https://app.example.com", true)]
    [InlineData("https://app.example.com", "https://app.example.com:443", true)]
    [InlineData("https://app.example.com", "http://app.example.com", false)]
    [InlineData("https://*.example.com", "https://a.b.example.com", true)]
    [InlineData("https://*.example.com", "https://example.com", false)]
    [InlineData("https://*.example.com", "https://evilexample.com", false)]
    [InlineData("https://*.example.com", "https://a.example.com:8443", false)]
    [InlineData("https://*.example.com:8443", "https://a.example.com:8443", true)]
    public void Listed_origins_are_known(string listed, string asked, bool matches)
    {
        Assert.True(WebOrigin.TryParse(listed, out var one));
        Assert.True(WebOrigin.TryParse(asked, out var other));
        Assert.Equal(matches, one.Matches(other));
    }

    [Theory]
    [InlineData("https://1:2:3")]
    [InlineData("https://*.1:2:3")]
    [InlineData("https://*.")]
    [InlineData("https://*")]
    [InlineData("https://*.*.example.com")]
    [InlineData("https://a.*.example.com")]
    [InlineData("https://a.example:65536")]
    [InlineData("https://[1:2:3]")]
    [InlineData("https://a..example")]
    public void What_names_no_host_is_no_origin(string text) => Assert.False(WebOrigin.TryParse(text, out _));
}
