using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Transforms;

public sealed class RequestTransformTests
{
    [Fact]
    public void Header_is_set_appended_and_removed_in_order()
    {
        var exchange = new Exchange();
        exchange.Request.SetHeader("X-A", "0");
        exchange.Request.SetHeader("X-B", "0");
        exchange.Apply(steps => steps.RequestHeader("X-A", set: "1").RequestHeader("x-a", append: "2").RequestHeaderRemove("X-B"));
        Assert.Equal(("1 | 2", null), (exchange.Header("X-A"), exchange.Header("X-B")));
    }

    [Theory]
    [InlineData("Content-Type", "text/plain")]
    [InlineData("Content-Encoding", "gzip")]
    [InlineData("Accept", "*/*")]
    [InlineData("Via-Other", "x")]
    public void Header_of_the_content_or_of_the_request_is_set_and_removed_alike(string name, string value)
    {
        var exchange = new Exchange();
        exchange.Message.Content = new ByteArrayContent([1]);
        Assert.Equal(value, exchange.Apply(steps => steps.RequestHeader(name, set: "y").RequestHeader(name, set: value)).Header(name));
        Assert.Null(exchange.Apply(steps => steps.RequestHeaderRemove(name)).Header(name));
    }

    [Fact]
    public void Empty_value_is_a_value() => Assert.Equal("", new Exchange().Apply(steps => steps.RequestHeader("X-A", set: "")).Header("X-A"));

    [Theory]
    [InlineData("blue", "blue")]
    [InlineData("a b", "a%20b")]
    [InlineData("a%2Fb", "a%2Fb")]
    [InlineData("%41", "%2541")]
    [InlineData("ü😀", "%C3%BC%F0%9F%98%80")]
    [InlineData("a\r\nX-Evil: 1", "a%0D%0AX-Evil:%201")]
    public void Route_value_becomes_text_of_a_header(string value, string expected) =>
        Assert.Equal(expected, new Exchange().With(("v", value)).Apply(steps => steps.RequestHeaderRouteValue("X-V", set: "v")).Header("X-V"));

    [Fact]
    public void Client_cannot_speak_for_an_absent_route_value()
    {
        var exchange = new Exchange();
        exchange.Request.SetHeader("X-V", "spoofed");
        Assert.Null(exchange.Apply(steps => steps.RequestHeaderRouteValue("X-V", set: "v")).Header("X-V"));
    }

    [Fact]
    public void Allow_list_keeps_what_it_names_empty_values_and_what_the_message_needs()
    {
        var exchange = new Exchange();
        exchange.Message.Content = new ByteArrayContent([1, 2]);
        exchange.Message.Content.Headers.ContentLength = 2;
        exchange.Request.SetHeader("X-A", "");
        exchange.Request.SetHeader("X-B", "b");
        exchange.Message.Headers.TryAddWithoutValidation("Via", "1.1 x");
        exchange.Request.Host = "h";
        exchange.Apply(steps => steps.RequestHeadersAllowed("x-a").RequestHeadersCopy(false).RequestHeader("X-C", set: "c"));
        Assert.Equal(("", null, "c"), (exchange.Header("X-A"), exchange.Header("X-B"), exchange.Header("X-C")));
        Assert.Equal(("2", "1.1 x", "h"), (exchange.Header("Content-Length"), exchange.Header("Via"), exchange.Request.Host));
    }

    [Fact]
    public void Nothing_is_copied_when_the_copy_is_off()
    {
        var exchange = new Exchange();
        exchange.Request.SetHeader("X-A", "a");
        Assert.Null(exchange.Apply(steps => steps.RequestHeadersCopy(false)).Header("X-A"));
    }

    [Theory]
    [InlineData("GET", "POST")]
    [InlineData("PUT", "PUT")]
    public void Method_is_changed_if_it_is_the_one(string method, string expected) =>
        Assert.Equal(expected, new Exchange(method: method).Apply(steps => steps.HttpMethodChange("GET", "POST")).Request.Method);

    [Fact]
    public void Host_is_the_clients_the_given_or_the_destinations()
    {
        var exchange = new Exchange();
        exchange.Http.Request.Host = new HostString("shop.example", 8080);
        Assert.Equal("shop.example:8080", exchange.Apply(steps => steps.RequestHeaderOriginalHost()).Request.Host);
        Assert.Equal("api.example", exchange.Apply(steps => steps.RequestHost("api.example")).Request.Host);
        Assert.Null(exchange.Apply(steps => steps.RequestHeaderOriginalHost(false)).Request.Host);
    }
}
