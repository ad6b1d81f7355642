namespace GatewayKit.Clusters.NamedClients;

/// <summary>
/// The end of a client's chain. Requests of a cluster go to the connections of the cluster, with all that it says of them; what the host
/// itself sends by the client goes to the handler that it would have had. Connections so outlive the chain, which is made anew every few minutes.
/// </summary>
internal sealed class NamedPrimaryHandler(string client, HttpMessageHandler own) : HttpMessageHandler
{
    private readonly HttpMessageInvoker _own = new(own, disposeHandler: true);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        (NamedCall.Of(request, client)?.Connections ?? _own).SendAsync(request, cancellationToken);

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => _own.Send(request, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _own.Dispose();
        }

        base.Dispose(disposing);
    }
}
