using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>What a client sees of an answer, byte for byte.</summary>
public sealed class ResponseTests
{
    [Fact]
    public async Task Hop_by_hop_and_nominated_fields_of_the_answer_are_dropped()
    {
        var answer = await AnswerAsync("HTTP/1.1 203 Free Text\r\nContent-Length: 2\r\nConnection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=9\r\nAlt-Svc: h3=\":443\"\r\n"
            + "Proxy-Authenticate: Basic\r\nTrailer: X\r\nX-Kept: a\r\nX-Kept: b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2, c\r\n\r\nok");
        Assert.StartsWith("HTTP/1.1 203 ", answer);
        Assert.DoesNotContain("Free Text", answer);
        Assert.DoesNotMatch("(?mi)^(x-secret|keep-alive|alt-svc|proxy-authenticate|trailer)", answer);
        Assert.Contains("X-Kept: a\r\nX-Kept: b\r\n", answer);
        Assert.Contains("Set-Cookie: a=1\r\nSet-Cookie: b=2, c\r\n", answer);
        Assert.EndsWith("\r\n\r\nok", answer);
    }

    [Fact]
    public async Task Head_keeps_the_length_and_has_no_body()
    {
        var answer = await AnswerAsync("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n", "HEAD");
        Assert.Contains("Content-Length: 10000000\r\n", answer);
        Assert.DoesNotContain("Transfer-Encoding", answer);
        Assert.EndsWith("\r\n\r\n", answer);
    }

    [Theory]
    [InlineData("204 No Content")]
    [InlineData("304 Not Modified")]
    public async Task Status_without_content_has_none(string status)
    {
        var answer = await AnswerAsync($"HTTP/1.1 {status}\r\nETag: \"x\"\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status[..3]}", answer);
        Assert.Contains("ETag: \"x\"\r\n", answer);
        Assert.DoesNotContain("Transfer-Encoding", answer);
        Assert.EndsWith("\r\n\r\n", answer);
    }

    [Theory]
    [InlineData(true, HttpProtocols.Http1)]
    [InlineData(false, HttpProtocols.Http1)]
    [InlineData(true, HttpProtocols.Http2)]
    [InlineData(false, HttpProtocols.Http2)]
    public async Task Large_body_arrives_byte_for_byte(bool hasLength, HttpProtocols protocol)
    {
        var sent = new byte[3_000_001];
        new Random(1).NextBytes(sent);
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            context.Response.ContentLength = hasLength ? sent.Length : null;

            // Large pieces and small ones: both ways into the response, in turns.
            for (var (at, size) = (0, 1); at < sent.Length; at += size, size = size > 200_000 ? 1 : size * 3)
            {
                size = Math.Min(size, sent.Length - at);
                await context.Response.Body.WriteAsync(sent.AsMemory(at, size));
            }
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, protocols: protocol);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/")
        {
            Version = new(protocol is HttpProtocols.Http2 ? 2 : 1, protocol is HttpProtocols.Http2 ? 0 : 1),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await gateway.Client.SendAsync(request);
        var received = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task Redirect_is_not_followed()
    {
        var answer = await AnswerAsync("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 302", answer);
        Assert.Contains("Location: http://127.0.0.1:1/x\r\n", answer);
    }

    [Fact]
    public async Task Body_up_to_the_close_is_relayed()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.0 200 OK\r\n\r\nold style");
        });
        Assert.Contains("old style", await AnswerAsync(upstream));
    }

    [Theory]
    [InlineData("\u00e9")]
    [InlineData("J\u00c3\u00bcrgen")]
    [InlineData("\u0080\u00ff")]
    public async Task Bytes_of_a_value_pass_whatever_they_mean(string value)
    {
        var answer = await AnswerAsync($"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: {value}\r\n\r\nok");
        Assert.Contains($"\r\nX-A: {value}\r\n", answer);
    }

    [Theory]
    [InlineData("garbage\r\n\r\n")]
    [InlineData("HTTP/1.1 99 No\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")]
    [InlineData("\r\n\r\n")]
    public async Task Answer_that_breaks_the_protocol_is_a_bad_gateway(string upstreamAnswer)
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(upstreamAnswer);
        });
        var answer = await AnswerAsync(upstream);
        Assert.StartsWith("HTTP/1.1 502", answer);
        Assert.Contains("\"code\":\"upstream-", answer);
    }

    [Theory]
    [InlineData("HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 600 No\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    public async Task Answer_without_one_reading_is_a_bad_gateway(string upstreamAnswer)
    {
        var answer = await AnswerAsync(upstreamAnswer);
        Assert.StartsWith("HTTP/1.1 502", answer);
        Assert.Contains("\"code\":\"upstream-protocol\"", answer);
    }

    [Fact]
    public async Task Not_modified_keeps_the_length_of_what_was_not_sent()
    {
        var answer = await AnswerAsync("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 304", answer);
        Assert.Contains("Content-Length: 100\r\n", answer);
        Assert.EndsWith("\r\n\r\n", answer);
    }

    /// <summary>To such a client a body ends with the connection: only a reset tells a cut one from a whole one.</summary>
    [Fact]
    public async Task Cut_body_is_a_reset_to_a_client_of_http10()
    {
        var received = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
            await received.Task.WaitAsync(RawConnection.Limit);
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
        Assert.DoesNotContain("Transfer-Encoding", await client.ReadHeadAsync());
        await client.ReadThroughAsync("half");
        received.SetResult();
        await Assert.ThrowsAsync<IOException>(() => client.ReadThroughAsync("never"));
    }

    [Fact]
    public async Task Trailers_of_a_chunked_answer_that_nobody_announced_end_here_and_are_no_headers()
    {
        var answer = await AnswerAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a=b\r\n\r\n");
        Assert.EndsWith("\r\n\r\n2\r\nok\r\n0\r\n\r\n", answer);
        Assert.DoesNotContain("X-Sum", answer);
    }

    [Fact]
    public async Task Head_that_is_too_large_is_a_bad_gateway()
    {
        var answer = await AnswerAsync($"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Big: {new string('x', 70_000)}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 502", answer);
        Assert.Contains("\"code\":\"upstream-protocol\"", answer);
    }

    [Fact]
    public async Task Reset_before_the_head_is_a_bad_gateway()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            connection.Reset();
        });
        var answer = await AnswerAsync(upstream);
        Assert.StartsWith("HTTP/1.1 502", answer);
        Assert.Contains("\"code\":\"upstream-reset\"", answer);
    }

    [Fact]
    public async Task Destination_that_refuses_connections_is_a_bad_gateway()
    {
        var upstream = RawUpstream.Answering(string.Empty);
        var address = upstream.Address;
        await upstream.DisposeAsync();
        await using var gateway = await Upstream.GatewayToAsync(address);
        using var answer = await gateway.Client.GetAsync("/");
        Assert.Equal(System.Net.HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("\"code\":\"upstream-connect\"", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Cluster_without_destinations_answers_at_once()
    {
        await using var gateway = await Upstream.GatewayToAsync(new("http://127.0.0.1:1"), cluster => cluster with { Destinations = new Dictionary<string, GatewayKit.Clusters.Destination>() });
        using var answer = await gateway.Client.GetAsync("/");
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("\"code\":\"no-healthy-upstream\"", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n")]
    public async Task Upstream_failure_mid_body_is_visible_to_the_client(string upstreamAnswer)
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(upstreamAnswer);
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        var answer = await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        // Whether the broken chunk is seen before or after the good one is a matter of segments; a complete answer of 200 it never is.
        Assert.True(answer.StartsWith("HTTP/1.1 502", StringComparison.Ordinal) || !answer.EndsWith("0\r\n\r\n", StringComparison.Ordinal), answer);
    }

    [Fact]
    public async Task Headers_are_sent_before_the_first_byte_of_the_body()
    {
        var release = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Early: 1\r\n\r\n");
            await release.Task;
            await connection.SendAsync("2\r\nok\r\n0\r\n\r\n");
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Contains("X-Early: 1", await client.ReadHeadAsync());
        release.SetResult();
        Assert.Contains("ok", await client.ReadThroughAsync("0\r\n\r\n"));
    }

    [Fact]
    public async Task First_event_arrives_while_the_destination_is_still_open()
    {
        var release = new TaskCompletionSource();
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.WriteAsync("data: one\n\n"u8.ToArray());
            await context.Response.Body.FlushAsync();
            await release.Task;
            await context.Response.Body.WriteAsync("data: two\n\n"u8.ToArray());
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.ReadThroughAsync("data: one\n\n");
        release.SetResult();
        await client.ReadThroughAsync("data: two\n\n");
    }

    [Fact]
    public async Task Interim_answers_are_not_the_answer()
    {
        var answer = await AnswerAsync("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.DoesNotContain("Link", answer);
    }

    [Fact]
    public async Task Extra_bytes_after_an_answer_never_reach_the_next_request()
    {
        await using var upstream = RawUpstream.Start(async (connection, number) =>
        {
            while (true)
            {
                await connection.ReadHeadAsync();
                await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
            }
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("ok", await gateway.Client.GetStringAsync("/"));
        }
    }

    private static async Task<string> AnswerAsync(string upstreamAnswer, string method = "GET")
    {
        await using var upstream = RawUpstream.Answering(upstreamAnswer);
        return await AnswerAsync(upstream, method);
    }

    private static async Task<string> AnswerAsync(RawUpstream upstream, string method = "GET")
    {
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        return await client.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
}
