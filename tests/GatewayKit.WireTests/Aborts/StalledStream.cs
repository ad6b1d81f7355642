using System.Net.Sockets;

namespace GatewayKit.WireTests.Aborts;

/// <summary>The gateway's end of a connection whose writes never end: the network takes nothing.</summary>
internal sealed class StalledStream(Socket socket, TaskCompletionSource begun) : NetworkStream(socket, ownsSocket: true)
{
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

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
