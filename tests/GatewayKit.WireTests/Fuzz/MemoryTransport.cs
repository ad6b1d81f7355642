using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace GatewayKit.WireTests.Fuzz;

/// <summary>Where a server listens that is reached by memory alone: many connections a second, no ports, no time-outs of TCP.</summary>
internal sealed class MemoryEndPoint(string name) : EndPoint
{
    private readonly Channel<ConnectionContext> _arriving = Channel.CreateUnbounded<ConnectionContext>();

    public ChannelReader<ConnectionContext> Arriving => _arriving.Reader;

    public override string ToString() => name;

    /// <summary>Connects as a client.</summary>
    public MemoryConnection Connect()
    {
        var connection = new MemoryConnection(this);
        Assert.True(_arriving.Writer.TryWrite(connection));
        return connection;
    }

    public void Close() => _arriving.Writer.TryComplete();
}

/// <summary>
/// One connection. The end of what the client sends does not abort the request that is served, as a FIN would: so an input is a text with an end,
/// and the server is done with it when it ends its own side.
/// </summary>
internal sealed class MemoryConnection : DefaultConnectionContext
{
    private static readonly PipeOptions Unbounded = new(pauseWriterThreshold: 0, useSynchronizationContext: false);

    private readonly Pipe _input = new(Unbounded);
    private readonly Pipe _output = new(Unbounded);
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _starving = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MemoryConnection(MemoryEndPoint endPoint)
        : base(Guid.NewGuid().ToString("N"))
    {
        Transport = new Duplex(new Watched(_input.Reader, _starving), _output.Writer);
        ConnectionClosed = _closed.Token;
        LocalEndPoint = endPoint;
        RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 1);
    }

    /// <summary>What the client sends.</summary>
    public PipeWriter ToServer => _input.Writer;

    /// <summary>Completes when the server has looked at all that was sent and waits for more, or has done with the connection.</summary>
    public Task Starving => _starving.Task;

    /// <summary>What the client gets.</summary>
    public PipeReader FromServer => _output.Reader;

    public override void Abort(ConnectionAbortedException abortReason)
    {
        // What was flushed may still be read, as behind a reset it may.
        ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), _closed, preferLocal: false);
        _input.Writer.Complete(abortReason);
        _output.Writer.Complete();
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2215", Justification = "That of the class disposes a source that it may be about to cancel on another thread.")]
    public override async ValueTask DisposeAsync()
    {
        await _output.Writer.CompleteAsync();
        await _input.Reader.CompleteAsync();
        _starving.TrySetResult();
    }

    private sealed class Watched(PipeReader inner, TaskCompletionSource starving) : PipeReader
    {
        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            if (inner.TryRead(out var result))
            {
                return new(result);
            }

            starving.TrySetResult();
            return inner.ReadAsync(cancellationToken);
        }

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}

/// <summary>Lets Kestrel listen in memory.</summary>
internal sealed class MemoryListeners : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is MemoryEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(new Listener((MemoryEndPoint)endpoint));

    private sealed class Listener(MemoryEndPoint endPoint) : IConnectionListener
    {
        public EndPoint EndPoint => endPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await endPoint.Arriving.WaitToReadAsync(cancellationToken) && endPoint.Arriving.TryRead(out var connection) ? connection : null;

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            endPoint.Close();
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
