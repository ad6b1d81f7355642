using System.Net.Sockets;
using System.Text;

namespace GatewayKit.WireTests.Upstreams;

/// <summary>The scripted destination keeps what it promises: a test that leans on it must be able to fail.</summary>
public sealed class ScriptedUpstreamTests
{
    [Fact]
    public async Task Requests_are_kept_byte_for_byte()
    {
        await using var upstream = ScriptedUpstream.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        const string First = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
        const string Second = "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n";
        using var client = await ConnectAsync(upstream);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(First + Second));
        Assert.Equal(First, (await upstream.NextRequestAsync()).ToString());
        var second = await upstream.NextRequestAsync();
        Assert.Equal((Second, "de", "/b", 1), (second.ToString(), Encoding.Latin1.GetString(second.Body), second.Target, second.Connection));
        Assert.Equal(First + Second, upstream.Received(1));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET  / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.0\r\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost : x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nA: b\0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n")]
    public async Task Malformed_request_fails_the_test(string request)
    {
        var upstream = ScriptedUpstream.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        using (var client = await ConnectAsync(upstream))
        {
            await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));

            // It hangs up on what it cannot read, with a reset if there is more, and answers nothing.
            var answered = await ReadToEndAsync(client).ContinueWith(static reading => reading.IsFaulted ? 0 : reading.Result, TaskScheduler.Default);
            Assert.Equal(0, answered);
        }

        await Assert.ThrowsAsync<AggregateException>(async () => await upstream.DisposeAsync());
    }

    [Fact]
    public async Task Reset_is_no_close_and_a_half_close_still_receives()
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            if (connection.Number == 1)
            {
                connection.Reset();
                return;
            }

            connection.HalfClose();
            await connection.ReadRequestAsync();
        });
        const string Request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        using var reset = await ConnectAsync(upstream);
        await reset.GetStream().WriteAsync(Encoding.Latin1.GetBytes(Request));
        await Assert.ThrowsAsync<IOException>(() => ReadToEndAsync(reset));
        using var halfClosed = await ConnectAsync(upstream);
        await halfClosed.GetStream().WriteAsync(Encoding.Latin1.GetBytes(Request));
        Assert.Equal(0, await ReadToEndAsync(halfClosed));
        await halfClosed.GetStream().WriteAsync(Encoding.Latin1.GetBytes(Request));
        Assert.Equal(2, (await upstream.NextRequestAsync()).Connection);
    }

    private static async Task<TcpClient> ConnectAsync(ScriptedUpstream upstream)
    {
        var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", upstream.Port);
        return client;
    }

    private static async Task<int> ReadToEndAsync(TcpClient client)
    {
        using var limit = new CancellationTokenSource(ScriptedUpstream.Limit);
        using var received = new MemoryStream();
        await client.GetStream().CopyToAsync(received, limit.Token);
        return (int)received.Length;
    }
}
