using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Forwarding;

public sealed class ForwardingTests
{
    [Fact]
    public async Task Get_and_its_answer_pass_through()
    {
        await using var upstream = await Upstream.StartAsync(context =>
        {
            context.Response.Headers["X-Seen"] = context.Request.Path + context.Request.QueryString;
            return context.Response.WriteAsync("hello");
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var answer = await gateway.Client.GetAsync("/a/b?c=d");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("hello", await answer.Content.ReadAsStringAsync());
        Assert.Equal("/a/b?c=d", answer.Headers.GetValues("X-Seen").Single());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_body_passes_both_ways(bool chunked)
    {
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            context.Response.Headers["X-Length"] = context.Request.ContentLength?.ToString() ?? "none";
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        var body = new byte[300_000];
        Random.Shared.NextBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = chunked;
        using var answer = await gateway.Client.SendAsync(request);
        Assert.Equal(body, await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(chunked ? "none" : "300000", answer.Headers.GetValues("X-Length").Single());
    }
}
