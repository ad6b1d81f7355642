using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Pipeline;

/// <summary>What code of others may do to the headers of a request that is about to be sent.</summary>
public sealed class ForwardRequestTests : IDisposable
{
    private readonly HttpRequestMessage _message = new() { Content = new ByteArrayContent([1, 2]) };
    private readonly ForwardRequest _request;

    public ForwardRequestTests()
    {
        _message.Headers.TryAddWithoutValidation("Via", "1.1 other");
        _message.Headers.TryAddWithoutValidation("X-A", "a");
        _message.Content.Headers.ContentLength = 2;
        _request = new(new DefaultHttpContext(), _message, new("/", ""));
    }

    public void Dispose() => _message.Dispose();

    [Theory]
    [InlineData("Content-Length")]
    [InlineData("transfer-encoding")]
    [InlineData("Connection")]
    [InlineData("Upgrade")]
    [InlineData("TE")]
    [InlineData("Expect")]
    [InlineData("Proxy-Authorization")]
    [InlineData("Via")]
    [InlineData("Host")]
    public void Framing_connections_and_the_trace_of_the_way_are_not_to_be_changed(string name)
    {
        Assert.Contains("cannot be changed", Assert.Throws<ArgumentException>(() => _request.SetHeader(name, "x")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _request.AppendHeader(name, "x"));
        Assert.Throws<ArgumentException>(() => _request.RemoveHeader(name));
    }

    [Fact]
    public void Keeping_nothing_keeps_what_the_message_needs()
    {
        _request.KeepHeaders(static _ => false);

        Assert.Equal((true, true, false), (_request.TryGetHeader("Via", out _), _request.TryGetHeader("Content-Length", out _), _request.TryGetHeader("X-A", out _)));
    }

    [Theory]
    [InlineData("a\rb")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public void Value_cannot_start_a_line_of_its_own(string value) =>
        Assert.Throws<ArgumentException>(() => _request.SetHeader("X-A", value));

    [Fact]
    public void Name_is_a_token() => Assert.Throws<ArgumentException>(() => _request.SetHeader("X A", "a"));
}
