using System.Net;
using GatewayKit.WireTests.Upstreams;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.WireTests.Responses;

/// <summary>An answer that is given up after its head was copied leaves nothing behind, and takes nothing of the host's along.</summary>
public sealed class LateFailureTests
{
    private const string Cut = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX-Host: theirs\r\nX-Theirs: 1\r\nSet-Cookie: a=1\r\nETag: \"a\"\r\n\r\n";

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nX-Host: theirs\r\nX-Theirs: 1\r\nSet-Cookie: a=1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Host: theirs\r\nX-Theirs: 1\r\nSet-Cookie: a=1\r\nX-Bad: \u0001\r\nContent-Length: 0\r\n\r\n")]
    public async Task Fields_of_the_host_stay_and_those_of_the_answer_go(string bytes)
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(bytes);
        });
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address, app: static app => app.Use((context, next) =>
        {
            context.Response.Headers["X-Host"] = "ours";
            context.Response.Headers["X-Only"] = "ours";
            context.Response.Headers.SetCookie = "host=1";
            return next(context);
        }));
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var answer = await client.GetAsync("/");
        Assert.Equal((502, true), (answer.Status, answer.IsWhole));
        Assert.Equal(["ours", "ours", "host=1"], [.. answer["X-Host"], .. answer["X-Only"], .. answer["Set-Cookie"]]);
        Assert.All(["X-Theirs", "ETag", "X-Bad"], name => Assert.Empty(answer[name]));
    }

    // From memory: over a socket the end may come after the head, which has then been sent on.
    [Fact]
    public async Task Fields_of_the_host_stay_when_the_body_cannot_be_read()
    {
        await using var gateway = await RecordingGateway.StartAsync(
            new("http://127.0.0.1:1"),
            app: static app => app.Use((context, next) =>
            {
                context.Response.Headers["X-Host"] = "ours";
                context.Response.Headers.SetCookie = "host=1";
                return next(context);
            }),
            gateway: static gateway => gateway.UseUpstreamHandler("up", static () => new Handler(new AsynchronousContent(fails: true), ("X-Host", "theirs"), ("X-Theirs", "1"), ("Set-Cookie", "a=1"), ("ETag", "\"a\""))));
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var answer = await client.GetAsync("/");
        Assert.Equal((502, true), (answer.Status, answer.IsWhole));
        Assert.Equal(["ours", "host=1"], [.. answer["X-Host"], .. answer["Set-Cookie"]]);
        Assert.All(["X-Theirs", "ETag"], name => Assert.Empty(answer[name]));
    }

    [Fact]
    public async Task Fields_of_the_host_and_cookies_of_both_stay_when_all_is_well()
    {
        await using var upstream = ScriptedUpstream.Answering(Cut + "0123456789");
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address, app: static app => app.Use((context, next) =>
        {
            context.Response.Headers["X-Only"] = "ours";
            context.Response.Headers.SetCookie = "host=1";
            return next(context);
        }));
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var answer = await client.GetAsync("/");
        Assert.Equal(["ours", "host=1", "a=1", "0123456789"], [.. answer["X-Only"], .. answer["Set-Cookie"], answer.Body]);
    }

    [Fact]
    public async Task Content_that_can_only_be_read_asynchronously_is_streamed()
    {
        await using var gateway = await RecordingGateway.StartAsync(
            new("http://127.0.0.1:1"), gateway: static gateway => gateway.UseUpstreamHandler("up", static () => new Handler(new AsynchronousContent(fails: false))));
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var answer = await client.GetAsync("/");
        Assert.Equal((200, "asynchronous", true), (answer.Status, answer.Body, answer.IsWhole));
    }

    [Fact]
    public async Task Content_that_cannot_be_read_is_a_bad_gateway()
    {
        await using var gateway = await RecordingGateway.StartAsync(
            new("http://127.0.0.1:1"), gateway: static gateway => gateway.UseUpstreamHandler("up", static () => new Handler(new AsynchronousContent(fails: true))));
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var answer = await client.GetAsync("/");
        Assert.Equal((502, true), (answer.Status, answer.IsWhole));
        Assert.DoesNotContain("secret", answer.Body);
    }

    private sealed class Handler(HttpContent content, params (string Name, string Value)[] fields) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = new HttpResponseMessage { Content = content };
            foreach (var (name, value) in fields)
            {
                answer.Headers.TryAddWithoutValidation(name, value);
            }

            return Task.FromResult(answer);
        }
    }

    // Has no synchronous SerializeToStream: ReadAsStream throws.
    private sealed class AsynchronousContent(bool fails) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await Task.Yield();
            await stream.WriteAsync(fails ? throw new InvalidDataException("secret") : "asynchronous"u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
