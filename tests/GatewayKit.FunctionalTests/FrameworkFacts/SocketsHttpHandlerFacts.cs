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
