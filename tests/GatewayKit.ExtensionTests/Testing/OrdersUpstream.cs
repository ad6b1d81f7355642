using System.Net;

namespace GatewayKit.ExtensionTests.Testing;

/// <summary>An upstream in memory: what a destination would answer, without a connection.</summary>
internal sealed class OrdersUpstream : HttpMessageHandler
{
    public Func<HttpRequestMessage, HttpResponseMessage> Answer { get; set; } =
        static request => new(HttpStatusCode.OK) { Content = new StringContent($"{request.Method} {request.RequestUri}") };

    public int Requests { get; private set; }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests++;
        return Task.FromResult(Answer(request));
    }
}
