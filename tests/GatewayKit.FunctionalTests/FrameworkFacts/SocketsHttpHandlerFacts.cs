using System.Net;
using GatewayKit.FunctionalTests.Hosting;

namespace GatewayKit.FunctionalTests.FrameworkFacts;

/// <summary>What SocketsHttpHandler does that the forwarder relies on, or works around.</summary>
public sealed class SocketsHttpHandlerFacts
{
    /// <summary>E2: the reason why methods that are not idempotent carry an empty content.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_without_content_is_sent_again_and_one_with_content_is_not(bool hasContent)
    {
        var requests = 0;
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            if (Interlocked.Increment(ref requests) == 1)
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                await connection.ReadHeadAsync();
                Interlocked.Increment(ref requests);
            }
        });
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        using var first = await invoker.SendAsync(new(HttpMethod.Get, upstream.Address), CancellationToken.None);
        using var post = new HttpRequestMessage(HttpMethod.Post, upstream.Address) { Content = hasContent ? new ByteArrayContent([]) : null };
        await Assert.ThrowsAsync<HttpRequestException>(() => invoker.SendAsync(post, CancellationToken.None));
        // The first one, then the POST once, or once and three times more.
        Assert.Equal(hasContent ? 2 : 5, requests);
    }

    /// <summary>E4: why an early answer to a large upload is heard over HTTP/2 only (dotnet/runtime#119350).</summary>
    [Fact]
    public async Task Early_answer_is_not_heard_before_the_upload_is_sent()
    {
        var answered = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadThroughAsync("first");
            await connection.SendAsync("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
            answered.SetResult();
            await connection.ReadThroughAsync("last");
        });
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        var pipe = new System.IO.Pipelines.Pipe();
        using var request = new HttpRequestMessage(HttpMethod.Post, upstream.Address) { Content = new StreamContent(pipe.Reader.AsStream()) };
        var sending = invoker.SendAsync(request, CancellationToken.None);
        await pipe.Writer.WriteAsync(System.Text.Encoding.ASCII.GetBytes("first" + new string('x', 50_000)));
        await answered.Task.WaitAsync(RawConnection.Limit);

        // Whole exchanges on other connections later, it is still not heard.
        await using var other = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        for (var i = 0; i < 50; i++)
        {
            using var _ = await invoker.SendAsync(new(HttpMethod.Get, other.Address), CancellationToken.None);
        }

        Assert.False(sending.IsCompleted);
        await pipe.Writer.WriteAsync("last"u8.ToArray());
        await pipe.Writer.CompleteAsync();
        using var answer = await sending.WaitAsync(RawConnection.Limit);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    /// <summary>E10: why connections have a lifetime.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Name_is_looked_up_again_only_when_a_connection_is_made(bool hasLifetime)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        var lookUps = 0;
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            PooledConnectionLifetime = hasLifetime ? TimeSpan.FromMilliseconds(50) : Timeout.InfiniteTimeSpan,
            ConnectCallback = async (_, cancellationToken) =>
            {
                Interlocked.Increment(ref lookUps);
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                await socket.ConnectAsync(upstream.Address.Host, upstream.Address.Port, cancellationToken);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            },
        };
        using var invoker = new HttpMessageInvoker(handler);
        var limit = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; i < 100 || (hasLifetime && lookUps < 3 && limit.Elapsed < RawConnection.Limit); i++)
        {
            using var answer = await invoker.SendAsync(new(HttpMethod.Get, "http://orders.internal/"), CancellationToken.None);
        }

        Assert.Equal(hasLifetime, lookUps >= 3);
        Assert.Equal(!hasLifetime, lookUps == 1);
    }

    /// <summary>E8: the reason why gRPC without TLS needs the exact version.</summary>
    [Fact]
    public async Task Cleartext_with_or_lower_is_always_http11()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, upstream.Address) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        using var answer = await invoker.SendAsync(request, CancellationToken.None);
        Assert.Equal(HttpVersion.Version11, answer.Version);
    }

    /// <summary>E6: once the head is there, the token given to the call stops nothing.</summary>
    [Fact]
    public async Task Token_of_the_call_does_not_govern_the_body()
    {
        var release = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
            await release.Task;
            await connection.SendAsync("ok");
            await connection.ReadToEndAsync();
        });
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        using var cancel = new CancellationTokenSource();
        using var answer = await invoker.SendAsync(new(HttpMethod.Get, upstream.Address), cancel.Token);
        await cancel.CancelAsync();
        release.SetResult();
        Assert.Equal("ok", await answer.Content.ReadAsStringAsync(CancellationToken.None).WaitAsync(RawConnection.Limit));
    }
}
