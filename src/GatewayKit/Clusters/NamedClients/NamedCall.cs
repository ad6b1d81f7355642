namespace GatewayKit.Clusters.NamedClients;

/// <summary>A request of the gateway on its way through the chain of a client: by what it goes on at the end of it.</summary>
/// <param name="Client">The client.</param>
/// <param name="Chain">Its chain. The request refers to it, and so does the answer: the factory does not dispose what is still in use.</param>
/// <param name="Connections">The connections of the cluster.</param>
internal sealed record NamedCall(string Client, HttpMessageHandler Chain, HttpMessageInvoker Connections)
{
    // The message has it. A handler that sends a copy without its options has it from where it runs.
    private static readonly HttpRequestOptionsKey<NamedCall> Key = new("GatewayKit.NamedCall");
    private static readonly AsyncLocal<NamedCall?> Running = new();

    /// <summary>Marks a request, and what is done from here on in this asynchronous method.</summary>
    public void Begin(HttpRequestMessage request)
    {
        request.Options.Set(Key, this);
        Running.Value = this;
    }

    /// <summary>The call of the gateway that a message belongs to; <see langword="null"/> if it is the host's own.</summary>
    public static NamedCall? Of(HttpRequestMessage request, string client) =>
        request.Options.TryGetValue(Key, out var marked) && marked.Client == client ? marked
        : Running.Value is { } running && running.Client == client ? running
        : null;
}
