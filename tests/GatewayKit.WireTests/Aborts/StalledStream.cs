using System.Net.Sockets;
using GatewayKit.Clusters;

namespace GatewayKit.WireTests.Aborts;

/// <summary>The gateway's end of a connection whose writes never end: the network takes nothing.</summary>
internal sealed class StalledStream(Socket socket, TaskCompletionSource begun) : NetworkStream(socket, ownsSocket: true)
{
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Makes the gateway's own handler, with such connections.</summary>
    /// <param name="begun">Completes at the first write.</param>
    public static SocketsHttpHandler CreateHandler(TaskCompletionSource begun)
    {
        var handler = UpstreamHandlers.Create(new(), new(), TimeSpan.FromSeconds(5));
        handler.ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new StalledStream(socket, begun);
        };
        return handler;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        begun.TrySetResult();
        await _closed.Task.WaitAsync(cancellationToken);
        throw new IOException("The connection was closed.");
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _closed.TrySetResult();
    }
}
