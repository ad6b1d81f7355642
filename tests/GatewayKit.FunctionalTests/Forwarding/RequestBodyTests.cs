using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Forwarding;

public sealed class RequestBodyTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public async Task Dripped_upload_reaches_the_destination_byte_by_byte()
    {
        var seen = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadThroughAsync("first");
            seen[0].SetResult();
            await connection.ReadThroughAsync("second");
            seen[1].SetResult();
            await connection.ReadThroughAsync("0\r\n\r\n");
            await connection.SendAsync(Ok);
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        await seen[0].Task.WaitAsync(RawConnection.Limit);
        await client.SendAsync("6\r\nsecond\r\n");
        await seen[1].Task.WaitAsync(RawConnection.Limit);
        await client.SendAsync("0\r\n\r\n");
        Assert.EndsWith("ok", await client.ReadAnswerAsync());
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PATCH")]
    [InlineData("PURGE")]
    public async Task Post_without_body_reaches_the_destination_once(string method)
    {
        var requests = 0;
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            // The first request makes the connection a pooled one; the second meets its end.
            await connection.ReadHeadAsync();
            await connection.SendAsync(Ok);
            await connection.ReadHeadAsync();
            Interlocked.Increment(ref requests);
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        Assert.Equal("ok", await gateway.Client.GetStringAsync("/"));
        using var request = new HttpRequestMessage(new HttpMethod(method), "/");
        using var answer = await gateway.Client.SendAsync(request);
        Assert.Equal(System.Net.HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal(1, requests);
    }

    [Fact]
    public async Task Empty_post_keeps_its_length_of_zero()
    {
        await using var upstream = RawUpstream.Answering(Ok);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.ExchangeAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Type: x/y\r\nConnection: close\r\n\r\n");
        Assert.Contains("\r\nContent-Length: 0\r\n", upstream.Heads.Single());
        Assert.Contains("\r\nContent-Type: x/y\r\n", upstream.Heads.Single());
    }

    [Fact]
    public async Task Body_errors_of_the_client_keep_their_status()
    {
        await using var upstream = await Upstream.StartAsync(context => context.Request.Body.CopyToAsync(Stream.Null));
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address, services: builder => builder.Services.Configure<KestrelServerOptions>(options => options.Limits.MaxRequestBodySize = 1_000));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7D0\r\n{new string('x', 2_000)}\r\n0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413", await client.ReadToEndAsync());
    }

    [Theory]
    [InlineData("zz\r\n")]
    [InlineData("5\r\nfirst\r\n-1\r\n")]
    public async Task Malformed_chunk_is_a_bad_request_and_never_a_finished_upload(string body)
    {
        var finished = false;
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadThroughAsync("0\r\n\r\n");
            finished = true;
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        var answer = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 400", answer);
        Assert.Contains("\"code\":\"malformed-body\"", answer);
        Assert.False(finished);
    }

    /// <summary>The handler does not hear it on HTTP/1.1 (E4), but the client is told, and its connection is not the destination's.</summary>
    [Fact]
    public async Task Early_answer_to_a_large_upload()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadThroughAsync("first");
            await connection.SendAsync("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            connection.Reset();
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\nfirst");
        await client.SendAsync(new string('x', 1_999_995));
        var answer = await client.ReadAnswerAsync();
        Assert.Matches("^HTTP/1.1 (502|413)", answer);

        // What could not be sent was taken off the connection: the next request is read from where it starts.
        await client.SendAsync("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 405", await client.ReadAnswerAsync());
    }

    [Fact]
    public async Task Ambiguous_framing_is_refused_and_the_connection_closed()
    {
        await using var upstream = RawUpstream.Answering(Ok);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n");
        var answer = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 400", answer);
        Assert.DoesNotContain("200", answer[12..]);
        Assert.Empty(upstream.Heads);
    }

    [Fact]
    public async Task Request_trailers_are_not_forwarded()
    {
        var seen = string.Empty;
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            seen = await connection.ReadThroughAsync("0\r\n\r\n");
            await connection.SendAsync(Ok);
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n");
        Assert.EndsWith("ok", await client.ReadAnswerAsync());
        Assert.DoesNotContain("X-T", seen);
    }
}
