using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>Forms of the request line, and who it is for.</summary>
public sealed class RequestFormTests(PathGateway gateway) : IClassFixture<PathGateway>
{
    [Theory]
    [InlineData("GET", "http://a/x", "a", 200)]
    [InlineData("GET", "http://A/x", "a", 200)]
    [InlineData("GET", "http://a:80/x", "a", 200)]
    [InlineData("GET", "http://b/x", "a", 400)]
    [InlineData("GET", "http://a:81/x", "a", 400)]
    [InlineData("GET", "http://user@a/x", "a", 400)]
    [InlineData("GET", "ftp://a/x", "a", 400)]
    [InlineData("GET", "*", "a", 405)]
    [InlineData("OPTIONS", "*", "a", 400)]
    [InlineData("GET", "a:80", "a:80", 405)]
    [InlineData("GET", "x", "a", 405)]
    [InlineData("GET", "?x", "a", 400)]
    [InlineData("GET", "/x#y", "a", 400)]
    [InlineData("GET", "/x?y#z", "a", 400)]
    [InlineData("CONNECT", "a:80", "a:80", 405)]
    [InlineData("CONNECT", "/x", "a", 405)]
    [InlineData("TRACE", "/x", "a", 405)]
    [InlineData("TRACK", "/x", "a", 405)]
    [InlineData("PRI", "/x", "a", 405)]
    [InlineData("get", "/x", "a", 405)]
    [InlineData("QUERY", "/x", "a", 200)]
    public async Task Form_of_the_target_is_judged(string method, string target, string host, int status)
    {
        var answer = await gateway.GetAsync(target, host, method);
        Assert.True(status == answer.Status, answer.Text);
        if (status == 405)
        {
            Assert.Contains("\r\nAllow: ", answer.Text);
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData("shop.example")]
    [InlineData("shop.example:8080")]
    [InlineData("a_b.example")]
    [InlineData("xn--bcher-kva.example")]
    [InlineData("10.0.0.1:1")]
    [InlineData("[::1]")]
    [InlineData("[2001:db8::1]:65535")]
    [InlineData("shop.example.")]
    [InlineData("SHOP.example")]
    public async Task Host_passes(string host) => Assert.Equal(200, (await gateway.GetAsync("/x", host)).Status);

    [Theory]
    [InlineData("")]
    [InlineData("a,b")]
    [InlineData("a, b")]
    [InlineData("user@a")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a?b")]
    [InlineData("a:99999")]
    [InlineData("a:0")]
    [InlineData("a:")]
    [InlineData("a:80:80")]
    [InlineData("a:x")]
    [InlineData("[::1")]
    [InlineData("::1")]
    [InlineData("[::1%25eth0]")]
    [InlineData("[::1]x")]
    [InlineData("[v1.a]")]
    [InlineData("[127.0.0.1]")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData(".a")]
    [InlineData("a..b")]
    [InlineData("a%2eb")]
    [InlineData("a(b")]
    [InlineData("a!b")]
    [InlineData("a\r\nHost: a")]
    [InlineData("a\r\nHost: b")]
    public async Task Host_that_is_none_is_refused(string host)
    {
        var answer = await gateway.GetAsync("/x", host);
        Assert.True(answer.Status == 400, answer.Text);
        Assert.Null(answer.Forwarded);
    }

    [Theory]
    [InlineData("SHOP.Example.", "shop.example")]
    [InlineData("Shop.example.:8080", "shop.example:8080")]
    [InlineData("[2001:DB8::1]", "[2001:db8::1]")]
    [InlineData("XN--Bcher-kva.example", "xn--bcher-kva.example")]
    [InlineData("xn--bcher-kva.example:8080", "xn--bcher-kva.example:8080")]
    public async Task Host_is_told_in_one_spelling(string sent, string told)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var original = await Upstream.GatewayToAsync(upstream.Address, cluster => cluster with { HostHeader = GatewayKit.Clusters.HostHeader.Original });
        using var client = await RawConnection.ConnectAsync(original.Address);
        await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: {sent}\r\nConnection: close\r\n\r\n");
        var head = Assert.Single(upstream.Heads);
        Assert.Contains($"\r\nHost: {told}\r\n", head);
        Assert.Contains($"\r\nX-Forwarded-Host: {told}\r\n", head);
    }

    [Theory]
    [InlineData("shop.example", "cluster", 200)]
    [InlineData("SHOP.example.", "cluster", 200)]
    [InlineData("a.api.example", "cluster", 200)]
    [InlineData("api.example", "cluster", 421)]
    [InlineData("other.example", "cluster", 421)]
    [InlineData("other.example", "redirect", 421)]
    [InlineData("other.example", "answer", 421)]
    [InlineData("port.example:81", "answer", 204)]
    [InlineData("port.example", "answer", 421)]
    [InlineData("other.example", "own", 200)]
    [InlineData("a(b", "cluster", 400)]
    [InlineData("xn--bcher-kva.example", "cluster", 200)]
    public async Task Host_that_is_not_served_is_misdirected(string host, string path, int status)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var served = await TestHost.GatewayAsync(
            """
            {
              "ServedHosts": [ "shop.example", "bücher.example", "*.api.example", "port.example:81" ],
              "Routes": {
                "cluster": { "Match": { "Path": "/cluster" }, "Cluster": "up" },
                "redirect": { "Match": { "Path": "/redirect" }, "Redirect": { "To": "/x" } },
                "answer": { "Match": { "Path": "/answer" }, "Respond": { "Status": 204 } }
              }
            }
            """,
            builder => builder.AddCluster("up", upstream.Address.OriginalString),
            app =>
            {
                app.MapGatewayRoutes();
                app.MapGet("/own", () => "own");
            });
        using var client = await RawConnection.ConnectAsync(served.Address);
        var answer = await client.ExchangeAsync($"GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
        Assert.Equal(status == 421, answer.Contains("\"code\":\"unknown-host\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Request_of_http10_may_name_no_host()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var host = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(host.Address);
        Assert.StartsWith("HTTP/1.1 200", await client.ExchangeAsync("GET / HTTP/1.0\r\n\r\n"));
        Assert.DoesNotContain("X-Forwarded-Host", Assert.Single(upstream.Heads));
        Assert.Contains("\r\nVia: 1.0 gatewaykit\r\n", Assert.Single(upstream.Heads));
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("POST")]
    [InlineData("GET")]
    public async Task Override_headers_change_no_method(string method)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var host = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(host.Address);
        await client.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\nX-HTTP-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\nX-Method-Override: DELETE\r\n\r\n");
        var head = Assert.Single(upstream.Heads);
        Assert.StartsWith($"{method} / HTTP/1.1\r\n", head);
        Assert.DoesNotContain("DELETE", head);
    }

    [Theory]
    [InlineData("gzip, chunked")]
    [InlineData("chunked, chunked")]
    [InlineData("identity")]
    [InlineData("chunked\r\nTransfer-Encoding: chunked")]
    public async Task Coding_other_than_chunked_is_refused(string coding)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var host = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(host.Address);
        var answer = await client.ExchangeAsync($"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n");
        Assert.Matches("^HTTP/1.1 (400|501) ", answer);
        Assert.Empty(upstream.Heads);
    }
}
