using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using GatewayKit.Clusters;

namespace GatewayKit.WireTests.Upstreams;

/// <summary>
/// The gateway's ends of its connections to destinations, made by its own handler with its own settings, but counted: which bytes it has
/// taken off the wire is known, so that a script can send the next piece when the one before was read, and a test can say how much the
/// gateway took of an answer that never ends.
/// </summary>
internal sealed class WatchedConnections
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource<WatchedStream>> _byPort = new();

    /// <summary>Makes the connections of a cluster watched ones.</summary>
    public void Watch(GatewayBuilder gateway, string cluster, ClusterHttp? http = null) => gateway.UseUpstreamHandler(cluster, () =>
    {
        var handler = UpstreamHandlers.Create(http ?? new(), new(), TimeSpan.FromSeconds(5));
        handler.ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            var stream = new WatchedStream(socket);
            Entry(((IPEndPoint)socket.LocalEndPoint!).Port).SetResult(stream);
            return stream;
        };
        return handler;
    });

    /// <summary>The gateway's end of the connection with this port there.</summary>
    public Task<WatchedStream> GetAsync(int port) => Entry(port).Task.WaitAsync(ScriptedUpstream.Limit);

    // Ports come again; an entry whose connection is closed is replaced.
    private TaskCompletionSource<WatchedStream> Entry(int port) => _byPort.AddOrUpdate(
        port,
        static _ => new(TaskCreationOptions.RunContinuationsAsynchronously),
        static (_, known) => known.Task is { IsCompletedSuccessfully: true, Result.IsClosed: true } ? new(TaskCreationOptions.RunContinuationsAsynchronously) : known);
}

/// <summary>A connection that tells how far it was read. It stays a <see cref="NetworkStream"/>: the handler looks at its socket.</summary>
internal sealed class WatchedStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<bool>? _reached;
    private long _awaited;
    private long _read;
    private bool _closed;

    public long BytesRead => Volatile.Read(ref _read);

    public bool IsClosed => Volatile.Read(ref _closed);

    /// <summary>Waits until so many bytes were read.</summary>
    /// <returns>Whether they were; otherwise the gateway has closed the connection.</returns>
    public Task<bool> HasReadAsync(long count)
    {
        lock (_lock)
        {
            if (_read >= count || _closed)
            {
                return Task.FromResult(_read >= count);
            }

            (_awaited, _reached) = (count, new(TaskCreationOptions.RunContinuationsAsynchronously));
            return _reached.Task.WaitAsync(ScriptedUpstream.Limit);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await base.ReadAsync(buffer, cancellationToken));

    public override int Read(Span<byte> buffer) => Count(base.Read(buffer));

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        lock (_lock)
        {
            _closed = true;
            _reached?.TrySetResult(false);
        }
    }

    private int Count(int read)
    {
        lock (_lock)
        {
            _read += read;
            if (_reached is not null && _read >= _awaited)
            {
                _reached.TrySetResult(true);
            }
        }

        return read;
    }
}
