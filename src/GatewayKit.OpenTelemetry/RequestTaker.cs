using System.Net;

namespace GatewayKit.OpenTelemetry;

/// <summary>Where the SDK believes to send: takes its requests, and says that they were taken.</summary>
internal sealed class RequestTaker : HttpMessageHandler
{
    private List<LogRequest> _taken = [];

    /// <summary>The requests since it was last asked.</summary>
    public IReadOnlyList<LogRequest> Take() => Interlocked.Exchange(ref _taken, []);

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // The SDK's buffer is its own, and used again. Of its size as a rule; what is compressed does not say.
        var body = new MemoryStream((int)(request.Content!.Headers.ContentLength ?? 0));
        request.Content.CopyTo(body, context: null, cancellationToken);
        _taken.Add(new([.. request.Headers, .. request.Content.Headers.Where(static header => header.Key is not "Content-Length")], body.GetBuffer().AsMemory(0, (int)body.Length)));
        return new(HttpStatusCode.OK) { Content = new ByteArrayContent([]), Headers = { { "grpc-status", "0" } }, RequestMessage = request };
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(Send(request, cancellationToken));
}
