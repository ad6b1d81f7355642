using GatewayKit.FunctionalTests.Hosting;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>Which target a destination sees for the target a client sent.</summary>
public sealed class RequestTargetTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/a/b", "/a/b")]
    [InlineData("/a%20b", "/a%20b")]
    [InlineData("/a%3bb", "/a%3Bb")]
    [InlineData("/%40%2C%3A", "/%40%2C%3A")]
    [InlineData("/%61%7E", "/a~")]
    [InlineData("/a%25b", "/a%25b")]
    [InlineData("/%C3%BC", "/%C3%BC")]
    [InlineData("/%e2%82%ac", "/%E2%82%AC")]
    [InlineData("/a//b/", "/a//b/")]
    [InlineData("//evil/x", "//evil/x")]
    [InlineData("/a;x=y/b", "/a;x=y/b")]
    [InlineData("/pub/../a", "/a")]
    [InlineData("/pub/%2e%2e/a", "/a")]
    [InlineData("/a/./b", "/a/b")]
    [InlineData("/a/b/..", "/a/")]
    [InlineData("/a/.", "/a/")]
    [InlineData("/a/..b/.c", "/a/..b/.c")]
    [InlineData("/?a=b&a=%2f&b", "/?a=b&a=%2f&b")]
    [InlineData("/x?", "/x?")]
    [InlineData("/x?a?b/../c=%zz", "/x?a?b/../c=%zz")]
    [InlineData("/x?q=%41%20'\"<>[]{}|\\^`", "/x?q=%41%20'\"<>[]{}|\\^`")]
    [InlineData("http://a/b?c", "/b?c")]
    [InlineData("/a'(b)!$&*+,=:@", "/a'(b)!$&*+,=:@")]
    public async Task Raw_path_arrives_unchanged(string sent, string seen)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        var answer = await client.ExchangeAsync($"GET {sent} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.StartsWith($"GET {seen} HTTP/1.1\r\n", Assert.Single(upstream.Heads));
    }

    [Theory]
    [InlineData("/a%2Fb")]
    [InlineData("/a%2fb")]
    [InlineData("/a%5Cb")]
    [InlineData("/a\\b")]
    [InlineData("/a%00b")]
    [InlineData("/a%0d%0ab")]
    [InlineData("/a%7f")]
    [InlineData("/%C0%AF")]
    [InlineData("/%ff")]
    [InlineData("/%E2%82")]
    [InlineData("/%ED%A0%80")]
    [InlineData("/a%252Fb")]
    [InlineData("/a%252e%252e/b")]
    [InlineData("/a%zz")]
    [InlineData("/a%4")]
    [InlineData("/..")]
    [InlineData("/a/../../b")]
    [InlineData("/pub/..;/a")]
    [InlineData("/pub/..;x=y/a")]
    [InlineData("/x?a#b")]
    [InlineData("*")]
    public async Task Target_with_two_readings_is_refused(string sent)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        var answer = await client.ExchangeAsync($"{(sent is "*" ? "OPTIONS" : "GET")} {sent} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.Matches("^HTTP/1.1 (400|404) ", answer);
        Assert.Empty(upstream.Heads);
    }

    [Fact]
    public async Task Path_of_the_destination_is_put_in_front()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var gateway = await Upstream.GatewayToAsync(new Uri(upstream.Address, "/base/"));
        using var answer = await gateway.Client.GetAsync("/a%20b?c");
        Assert.StartsWith("GET /base/a%20b?c HTTP/1.1\r\n", Assert.Single(upstream.Heads));
    }
}
