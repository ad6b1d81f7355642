using System.Collections.Concurrent;
using System.Net;

namespace GatewayKit.SampleTests;

/// <summary>Stands in for the destinations of a cluster: keeps what they were sent and answers with the path.</summary>
internal sealed class UpstreamInMemory : HttpMessageHandler
{
    private readonly ConcurrentQueue<HttpRequestMessage> _requests = new();

    public IReadOnlyList<HttpRequestMessage> Requests => [.. _requests];

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _requests.Enqueue(request);
        return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(request.RequestUri!.PathAndQuery) });
    }
}
