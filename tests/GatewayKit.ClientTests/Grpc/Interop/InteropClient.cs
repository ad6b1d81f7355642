using Grpc.Net.Client;

namespace GatewayKit.ClientTests.Grpc.Interop;

/// <summary>A client of the service, which sees more of an answer than Grpc.* shows.</summary>
internal sealed class InteropClient : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly Observer _observer;

    public InteropClient(Uri address, SocketsHttpHandler handler, InteropService.Journal journal)
    {
        _observer = new(handler);
        _channel = GrpcChannel.ForAddress(address, new() { HttpHandler = _observer, DisposeHttpClient = true });
        (Calls, Others, Journal) = (new(_channel), new(_channel), journal);
    }

    public InteropCalls.InteropCallsClient Calls { get; }

    public Missing.MissingClient Others { get; }

    public InteropService.Journal Journal { get; }

    /// <summary>Which messages of the last answer were compressed.</summary>
    public bool[] Compressed => _observer.Answer?.Compressed ?? [];

    /// <summary>The coding that the last answer declared.</summary>
    public string? Encoding => _observer.Encoding;

    public void Dispose() => _channel.Dispose();

    private sealed class Observer(HttpMessageHandler handler) : DelegatingHandler(handler)
    {
        public MessageFlags? Answer { get; private set; }

        public string? Encoding { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            Answer = new(await response.Content.ReadAsStreamAsync(cancellationToken));
            Encoding = response.Headers.TryGetValues("grpc-encoding", out var encoding) ? string.Join(',', encoding) : null;
            var content = new StreamContent(Answer);
            foreach (var (name, values) in response.Content.Headers)
            {
                content.Headers.TryAddWithoutValidation(name, values);
            }

            response.Content = content;
            return response;
        }
    }
}
