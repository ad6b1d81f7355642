using System.Net;
using GatewayKit.Clusters.Balancing;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Clusters.Balancing;

public sealed class RequestHashTests
{
    [Theory]
    [InlineData("Header:x-tenant", "acme")]
    [InlineData("Cookie:sid", "42")]
    [InlineData("Query:q", "first")]
    [InlineData("RouteValue:id", "7")]
    [InlineData("Path", "/orders/7")]
    public void Key_is_where_it_is_said_to_be(string key, string value) => Assert.Equal(RequestHash.Of(value), RequestHash.Of(Request(), HashKey.Parse(key)));

    [Theory]
    [InlineData("Header:X-Other")]
    [InlineData("Header:X-Twice")]
    [InlineData("Cookie:SID")]
    [InlineData("Query:other")]
    [InlineData("RouteValue:other")]
    [InlineData("ClientAddress")]
    public void Request_may_lack_it(string key) => Assert.False(RequestHash.Of(Request(), HashKey.Parse(key)).IsPresent);

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1", true)]
    [InlineData("10.0.0.1", "::ffff:10.0.0.1", true)]
    [InlineData("10.0.0.1", "10.0.0.2", false)]
    [InlineData("2001:db8::1", "2001:db8::ffff:1", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
    public void Addresses_of_one_host_are_one_key(string one, string other, bool same) => Assert.Equal(same, Of(one) == Of(other));

    [Fact]
    public void Value_that_is_empty_or_beyond_measure_is_none()
    {
        Assert.False(RequestHash.Of(string.Empty).IsPresent);
        Assert.True(RequestHash.Of(new string('a', 4_096)).IsPresent);
        Assert.False(RequestHash.Of(new string('a', 4_097)).IsPresent);
    }

    [Theory]
    [InlineData("ClientAddress")]
    [InlineData("Path")]
    [InlineData("Header:X-Tenant")]
    [InlineData("Cookie:sid")]
    [InlineData("Query:a b")]
    [InlineData("RouteValue:id")]
    public void Key_is_written_as_it_is_read(string text)
    {
        Assert.Equal(text, HashKey.Parse(text).ToString());
        Assert.Equal(HashKey.Parse(text), HashKey.Parse(text.ToUpperInvariant()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Address")]
    [InlineData("Header:")]
    [InlineData("Header:a b")]
    [InlineData("Cookie:a;b")]
    [InlineData("Query:")]
    public void Text_that_names_no_key_says_which_there_are(string text) =>
        Assert.Contains("Header:<name>", Assert.Throws<FormatException>(() => HashKey.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("sid=1", "1")]
    [InlineData("a=2; sid=1; b=3", "1")]
    [InlineData("sid2=2;sid=1", "1")]
    [InlineData("sid=\"1\"", "1")]
    [InlineData("sid=a=b", "a=b")]
    [InlineData("sid=", "")]
    [InlineData("sid=1; sid=2", "1")]
    [InlineData("a=2;;; sid=1", "1")]
    [InlineData("xsid=1", null)]
    [InlineData("sid", null)]
    [InlineData("a=sid=1", null)]
    [InlineData("", null)]
    public void Cookie_is_found_among_others(string field, string? value)
    {
        Assert.Equal(value is not null, CookieField.TryFind(field, "sid", out var found));
        Assert.Equal(value ?? string.Empty, CookieField.Unquoted(found).ToString());
    }

    [Fact]
    public void Cookie_is_found_in_any_of_several_fields()
    {
        Assert.True(CookieField.TryFind(new(["a=1", "b=2; sid=3"]), "sid", out var found));
        Assert.Equal("3", found.ToString());
    }

    private static RequestHash Of(string address) =>
        RequestHash.Of(new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) } }, HashKey.ClientAddress);

    private static DefaultHttpContext Request()
    {
        var context = new DefaultHttpContext();
        context.Request.Path = "/orders/7";
        context.Request.QueryString = new("?q=first&q=second");
        context.Request.RouteValues["id"] = 7;
        context.Request.Headers["X-Tenant"] = "acme";
        context.Request.Headers["X-Twice"] = new(["a", "b"]);
        context.Request.Headers.Cookie = "a=b; sid=42";
        return context;
    }
}
