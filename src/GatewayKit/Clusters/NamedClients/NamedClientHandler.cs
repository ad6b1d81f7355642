namespace GatewayKit.Clusters.NamedClients;

/// <summary>Sends the requests of a cluster through the chain of a client; at the end of it they come to the connections of the cluster.</summary>
internal sealed class NamedClientHandler(ClientChains clients, string name, HttpMessageHandler connections) : HttpMessageHandler
{
    private readonly HttpMessageInvoker _connections = new(connections, disposeHandler: true);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // Looked up each time: what is kept would outlive its time in the factory, with whatever the host's handlers hold. It is the
        // factory's to dispose, so the invoker is nobody's.
        var chain = clients.ChainOf(name);
        new NamedCall(name, chain, _connections).Begin(request);
#pragma warning disable CA2000 // Disposing it would do nothing.
        return await new HttpMessageInvoker(chain, disposeHandler: false).SendAsync(request, cancellationToken).ConfigureAwait(false);
#pragma warning restore CA2000
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _connections.Dispose();
        }

        base.Dispose(disposing);
    }
}
