using GatewayKit.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Tests.Transforms;

public sealed class ResponseTransformTests
{
    [Theory]
    [InlineData(200, ResponseCondition.Success, true)]
    [InlineData(399, ResponseCondition.Success, true)]
    [InlineData(400, ResponseCondition.Success, false)]
    [InlineData(200, ResponseCondition.Failure, false)]
    [InlineData(502, ResponseCondition.Failure, true)]
    [InlineData(200, ResponseCondition.Always, true)]
    [InlineData(502, ResponseCondition.Always, true)]
    public void Status_decides_by_when(int status, ResponseCondition when, bool applied)
    {
        var exchange = new Exchange();
        exchange.Http.Response.StatusCode = status;
        exchange.Http.Response.Headers["X-B"] = "b";
        exchange.Respond(steps => steps.ResponseHeader("X-A", set: "a", when: when).ResponseHeaderRemove("X-B", when));
        Assert.Equal((applied, !applied), (exchange.Http.Response.Headers.ContainsKey("X-A"), exchange.Http.Response.Headers.ContainsKey("X-B")));
    }

    [Fact]
    public void Append_adds_a_line_of_its_own()
    {
        var exchange = new Exchange();
        exchange.Http.Response.Headers.SetCookie = "a=1";
        exchange.Respond(steps => steps.ResponseHeader("Set-Cookie", append: "b=2"));
        Assert.Equal(new StringValues(["a=1", "b=2"]), exchange.Http.Response.Headers.SetCookie);
    }

    [Fact]
    public void Allow_list_and_copy_decide_what_is_kept()
    {
        var list = new TransformPlan(TransformPolicy.Of(steps => steps.ResponseHeadersCopy(false).ResponseHeadersAllowed("X-A").ResponseTrailersAllowed("X-T")).Steps);
        Assert.Equal((true, false, true), (list.KeepsResponseHeader("x-a"), list.KeepsResponseHeader("X-B"), list.KeepsResponseHeader("Content-Length")));
        Assert.Equal((true, false), (list.KeepsResponseTrailer("x-t"), list.KeepsResponseTrailer("X-A")));
        var none = new TransformPlan(TransformPolicy.Of(steps => steps.ResponseHeadersCopy(false).ResponseTrailersCopy(false)).Steps);
        Assert.Equal((false, false), (none.KeepsResponseHeader("X-A"), none.KeepsResponseTrailer("X-T")));
    }

    [Fact]
    public void Trailers_are_set_appended_and_removed()
    {
        var http = new DefaultHttpContext();
        var trailers = new HeaderDictionary { ["X-A"] = "0", ["X-B"] = "0", ["X-C"] = "0" };
        new TransformPlan(TransformPolicy.Of(steps => steps
            .ResponseTrailer("X-A", set: "1").ResponseTrailer("X-B", append: "1").ResponseTrailerRemove("X-C")
            .ResponseTrailer("X-D", set: "1", when: ResponseCondition.Failure)).Steps).TransformTrailers(http, trailers);
        Assert.Equal(("1", "0,1", "", ""), (trailers["X-A"].ToString(), trailers["X-B"].ToString(), trailers["X-C"].ToString(), trailers["X-D"].ToString()));
    }

    [Theory]
    [InlineData("http://10.0.0.5:8080/v2/items/1?x=/#f", "/orders/items/1?x=/#f")]
    [InlineData("HTTP://10.0.0.5:8080/v2", "/orders")]
    [InlineData("//10.0.0.5:8080/v2/a", "/orders/a")]
    [InlineData("/v2/a", "/orders/a")]
    [InlineData("https://orders.internal/v2/a", "/orders/a")]
    [InlineData("http://shop.example/v2/a", "http://shop.example/orders/a")]
    [InlineData("https://shop.example/v2/a", "https://shop.example/orders/a")]
    [InlineData("http://10.0.0.5/v2/a", null)]
    [InlineData("http://10.0.0.5:8080/other", null)]
    [InlineData("http://10.0.0.5:8080/v2x", null)]
    [InlineData("http://10.0.0.5:8080@evil.example/v2", null)]
    [InlineData("http://10.0.0.5:8080\\@evil.example/v2", null)]
    [InlineData("https://login.example/v2", null)]
    [InlineData("items/1", null)]
    [InlineData("?page=2", null)]
    [InlineData("mailto:a@b", null)]
    public void Location_leads_back_through_the_gateway_or_stays(string location, string? expected)
    {
        var exchange = new Exchange();
        exchange.Http.Request.Host = new HostString("shop.example");
        exchange.Http.Response.StatusCode = 302;
        exchange.Http.Response.Headers.Location = location;
        exchange.Respond(
            steps => steps.PathRemovePrefix("/orders").PathPrefix("/v2").RewriteLocation(hosts: "orders.internal"), "http://10.0.0.5:8080");
        Assert.Equal(expected ?? location, exchange.Http.Response.Headers.Location);
    }

    [Theory]
    [InlineData("http://10.0.0.5:8080//evil.example/x", "/.//evil.example/x")]
    [InlineData("http://10.0.0.5:8080/\\evil.example/x", "/./\\evil.example/x")]
    [InlineData("http://10.0.0.5:8080", "/")]
    [InlineData("http://10.0.0.5:8080?x", "/?x")]
    public void Location_without_host_never_names_another_host(string location, string expected)
    {
        var exchange = new Exchange();
        exchange.Http.Response.Headers.Location = location;
        exchange.Respond(steps => steps.RewriteLocation(), "http://10.0.0.5:8080");
        Assert.Equal(expected, exchange.Http.Response.Headers.Location);
        Assert.Equal("client", new Uri(new Uri("http://client/a/b"), exchange.Http.Response.Headers.Location).Host);
    }

    [Fact]
    public void Base_path_of_the_destination_and_path_base_of_the_host_are_exchanged()
    {
        var exchange = new Exchange();
        exchange.Http.Request.PathBase = "/gw";
        exchange.Http.Response.Headers.Location = "http://d/base/in/a";
        exchange.Http.Response.Headers.ContentLocation = "/base/in/b";
        exchange.Respond(steps => steps.RewriteLocation(from: "/in", to: "/out"), "http://d/base/");
        Assert.Equal("/gw/out/a", exchange.Http.Response.Headers.Location);
        Assert.Equal("/gw/out/b", exchange.Http.Response.Headers.ContentLocation);
    }

    [Fact]
    public void Redirect_that_the_gateway_made_is_not_mapped_by_the_paths_of_the_destination()
    {
        var exchange = new Exchange();
        exchange.Http.Response.Headers.Location = "/login";
        exchange.Respond(steps => steps.PathRemovePrefix("/orders").RewriteLocation());
        Assert.Equal("/login", exchange.Http.Response.Headers.Location);
    }

    [Theory]
    [InlineData("a=1; Domain=internal.example; Path=/", "a=1; Domain=shop.example; Path=/")]
    [InlineData("a=1;domain=.INTERNAL.example", "a=1;domain=shop.example")]
    [InlineData("a=1; Domain=sub.internal.example", "a=1; Domain=sub.internal.example")]
    [InlineData("Domain=internal.example; Secure", "Domain=internal.example; Secure")]
    [InlineData("a=Domain=x; Secure", "a=Domain=x; Secure")]
    [InlineData("a=1", "a=1")]
    public void Cookie_domain_is_replaced_and_nothing_else(string cookie, string expected) =>
        Assert.Equal(expected, Cookie(cookie, steps => steps.RewriteCookieDomain("internal.example", "shop.example")));

    [Theory]
    [InlineData("a=1; Domain=x; Path=/; Domain=y", "a=1; Path=/")]
    [InlineData("a=1; Secure", "a=1; Secure")]
    public void Cookie_domain_is_removed(string cookie, string expected) =>
        Assert.Equal(expected, Cookie(cookie, steps => steps.RewriteCookieDomain("*", set: null)));

    [Theory]
    [InlineData("a=1; Path=/v2/x; Secure", "a=1; Path=/orders/x; Secure")]
    [InlineData("a=1; path = /v2", "a=1; path =/orders")]
    [InlineData("a=1; Path=/v2x", "a=1; Path=/v2x")]
    [InlineData("__Host-a=1; Path=/v2", "__Host-a=1; Path=/v2")]
    public void Cookie_path_is_replaced_by_whole_segments(string cookie, string expected) =>
        Assert.Equal(expected, Cookie(cookie, steps => steps.RewriteCookiePath("/v2", "/orders")));

    [Fact]
    public void Every_cookie_line_is_rewritten_and_none_is_joined()
    {
        var exchange = new Exchange();
        exchange.Http.Response.Headers.SetCookie = new(["a=1; Path=/", "b=2; Path=/x"]);
        exchange.Respond(steps => steps.RewriteCookiePath("/", "/orders"));
        Assert.Equal(new StringValues(["a=1; Path=/orders/", "b=2; Path=/orders/x"]), exchange.Http.Response.Headers.SetCookie);
    }

    private static string? Cookie(string cookie, Action<TransformSteps> steps)
    {
        var exchange = new Exchange();
        exchange.Http.Response.Headers.SetCookie = cookie;
        return exchange.Respond(steps).Http.Response.Headers.SetCookie;
    }
}
