using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace GatewayKit.WireTests.Hosting;

/// <summary>The server's ends of its connections, by the port of the client.</summary>
internal sealed class ServerTaps
{
    private readonly ConcurrentDictionary<int, ServerTap> _byPort = new();
    private int _open;

    /// <summary>How many connections the server holds.</summary>
    public int Open => Volatile.Read(ref _open);

    public ServerTap Of(int port) => _byPort.GetOrAdd(port, static _ => new());

    /// <summary>A connection middleware that looks on and changes nothing.</summary>
    public ConnectionDelegate Tap(ConnectionDelegate next) => async connection =>
    {
        var port = ((IPEndPoint)connection.RemoteEndPoint!).Port;
        var tap = Of(port);
        var transport = connection.Transport;
        connection.Transport = new Tapped(new TappedReader(transport.Input, tap), transport.Output);
        Interlocked.Increment(ref _open);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
            Interlocked.Decrement(ref _open);
            _byPort.TryRemove(new(port, tap));
            tap.End();
        }
    };

    private sealed class Tapped(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}

/// <summary>How much of a connection the server has looked at.</summary>
internal sealed class ServerTap
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<bool>? _reached;
    private readonly List<long> _sights = [];
    private long _awaited;
    private long _seen;

    /// <summary>Completes when the server has let go of the connection.</summary>
    public Task Ended => _ended.Task;

    /// <summary>How many bytes there were each time more of them were looked at.</summary>
    public IReadOnlyList<long> Sights
    {
        get
        {
            lock (_lock)
            {
                return [.. _sights];
            }
        }
    }

    /// <summary>Waits until the server's parser was handed so many bytes.</summary>
    /// <returns>Whether it was; otherwise it has done with the connection.</returns>
    public Task<bool> HasSeenAsync(long count)
    {
        lock (_lock)
        {
            if (_seen >= count || _ended.Task.IsCompleted)
            {
                return Task.FromResult(_seen >= count);
            }

            (_awaited, _reached) = (count, new(TaskCreationOptions.RunContinuationsAsynchronously));
            return _reached.Task.WaitAsync(Clients.ScriptedClient.Limit);
        }
    }

    public void See(long count)
    {
        lock (_lock)
        {
            if (count > _seen)
            {
                _seen = count;
                _sights.Add(count);
            }

            if (_seen >= _awaited)
            {
                _reached?.TrySetResult(true);
            }
        }
    }

    public void End()
    {
        lock (_lock)
        {
            _ended.TrySetResult();
            _reached?.TrySetResult(false);
        }
    }
}

/// <summary>Passes everything on and counts what its reader was shown.</summary>
internal sealed class TappedReader(PipeReader inner, ServerTap tap) : PipeReader
{
    private ReadOnlySequence<byte> _buffer;
    private long _consumed;

    public override bool TryRead(out ReadResult result)
    {
        if (!inner.TryRead(out result))
        {
            return false;
        }

        Note(result);
        return true;
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        Note(await inner.ReadAsync(cancellationToken).ConfigureAwait(false));

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _consumed += _buffer.Slice(0, consumed).Length;
        _buffer = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    private ReadResult Note(ReadResult result)
    {
        _buffer = result.Buffer;
        tap.See(_consumed + result.Buffer.Length);
        return result;
    }
}
