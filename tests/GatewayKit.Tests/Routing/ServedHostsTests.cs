using GatewayKit.Routing;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Routing;

public sealed class ServedHostsTests
{
    private static readonly ServedHosts Served = new([.. new[] { "shop.example", "*.api.example", "port.example:81", "port.example:82", "*:9000", "bücher.example", "[::1]" }.Select(Parse)]);

    [Theory]
    [InlineData("shop.example", true)]
    [InlineData("SHOP.example.:8080", true)]
    [InlineData("a.shop.example", false)]
    [InlineData("a.b.API.example", true)]
    [InlineData("api.example", false)]
    [InlineData("xapi.example", false)]
    [InlineData("port.example:82", true)]
    [InlineData("port.example", false)]
    [InlineData("other.example:9000", true)]
    [InlineData("other.example", false)]
    [InlineData("xn--bcher-kva.example", true)]
    [InlineData("[::1]:443", true)]
    [InlineData("[::2]", false)]
    [InlineData("a(b", true)]
    [InlineData("a:0", true)]
    public void Host_is_served_or_is_no_host_at_all(string host, bool served) => Assert.Equal(served, Served.Contains(Request(host)));

    [Fact]
    public void Port_that_is_not_named_is_that_of_the_scheme()
    {
        var served = new ServedHosts([Parse("a:443")]);
        var request = Request("a");
        Assert.False(served.Contains(request));
        request.Scheme = "https";
        Assert.True(served.Contains(request));
    }

    [Fact]
    public void Question_costs_no_memory_where_the_host_is_served()
    {
        var requests = new[] { Request("shop.example"), Request("a.b.api.example:8080"), Request("other.example:9000") };
        foreach (var request in requests)
        {
            Assert.True(Served.Contains(request));
        }

        Assert.Equal(0, Allocations.Of(() =>
        {
            foreach (var request in requests)
            {
                Served.Contains(request);
            }
        }));
    }

    private static HostPattern Parse(string text)
    {
        Assert.True(HostPattern.TryParse(text, out var pattern));
        return pattern;
    }

    private static HttpRequest Request(string host)
    {
        var request = new DefaultHttpContext().Request;
        (request.Scheme, request.Protocol, request.Headers.Host) = ("http", "HTTP/1.1", host);
        return request;
    }
}
