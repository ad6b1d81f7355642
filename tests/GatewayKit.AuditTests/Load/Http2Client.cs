using System.Net;

namespace GatewayKit.AuditTests.Load;

/// <summary>Asks over HTTP/2: the library of .NET, which resets the stream when nobody waits for it any more.</summary>
internal sealed class Http2Client(int port) : IDisposable
{
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });

    public async Task AskAsync(RunLog log, string id, int size, bool isPost, bool leaves)
    {
        using var request = new HttpRequestMessage(isPost ? HttpMethod.Post : HttpMethod.Get, new Uri($"http://127.0.0.1:{port}/up/{id}"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = isPost ? new ReadOnlyMemoryContent(Body.Of(id, size)) : null,
        };
        request.Headers.Add("x-test-id", id);
        if (!isPost)
        {
            request.Headers.Add(leaves ? "x-script" : "x-size", leaves ? "half-and-wait" : $"{size}");
        }

        log.Sent(id, request.Method.Method, "whole");
        var status = 0;
        try
        {
            using var limit = new CancellationTokenSource(Wire.Limit);
            using var answer = await _client.SendAsync(request, limit.Token);
            status = (int)answer.StatusCode;
            if (!leaves)
            {
                log.Seen(id, status, "whole", Body.DigestOf(await answer.Content.ReadAsByteArrayAsync(limit.Token)));
                return;
            }
        }
        catch (HttpRequestException)
        {
            log.Seen(id, status, "cut");
            return;
        }

        log.Seen(id, status, "left");
    }

    public void Dispose() => _client.Dispose();
}
