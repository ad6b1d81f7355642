using System.Net;

namespace GatewayKit.Forwarding;

/// <summary>
/// No body, but a content: the handler sends a request without content again when a pooled connection breaks, whatever its method
/// (E2, dotnet/runtime#86714).
/// </summary>
internal sealed class EmptyContent : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => Task.CompletedTask;

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return true;
    }
}
