using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace GatewayKit.WireTests.Upstreams;

/// <summary>
/// A destination made of bytes. Every connection runs the script; every byte that arrives is kept, every request that is read is parsed
/// strictly. A request that breaks RFC 9112, or a script that fails, fails the test when the upstream is disposed.
/// </summary>
internal sealed class ScriptedUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, UpstreamConnection> _connections = new();
    private readonly ConcurrentQueue<RecordedRequest> _requests = new();
    private readonly Channel<RecordedRequest> _arriving = Channel.CreateUnbounded<RecordedRequest>();
    private readonly ConcurrentQueue<Exception> _faults = new();
    private readonly Task _accepting;
    private int _count;

    private ScriptedUpstream(Func<UpstreamConnection, Task> script, int port, IPAddress address)
    {
        _listener = new TcpListener(address, port);
        _listener.Start();
        _accepting = AcceptAsync(script);
    }

    /// <summary>How long any step may take. Long enough for a loaded machine: no test waits for it on purpose.</summary>
    public static TimeSpan Limit => TimeSpan.FromSeconds(30);

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Address => new($"http://127.0.0.1:{Port}");

    /// <summary>How many connections were made to it.</summary>
    public int ConnectionCount => Volatile.Read(ref _count);

    /// <summary>The requests that were read, in the order in which they were complete.</summary>
    public IReadOnlyList<RecordedRequest> Requests => [.. _requests];

    /// <summary>Runs a script on each connection.</summary>
    /// <param name="script">The steps; the connection is closed when they end.</param>
    /// <param name="port">Where to listen. Default: a free port.</param>
    /// <param name="address">Of which address. Default: 127.0.0.1.</param>
    public static ScriptedUpstream Start(Func<UpstreamConnection, Task> script, int port = 0, IPAddress? address = null) => new(script, port, address ?? IPAddress.Loopback);

    /// <summary>Answers every request, read in full, with the same bytes.</summary>
    public static ScriptedUpstream Answering(string answer) => Start(async connection =>
    {
        while (true)
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(answer);
        }
    });

    /// <summary>The bytes that arrived on a connection so far, in Latin-1.</summary>
    /// <param name="connection">The number of the connection, from 1.</param>
    public string Received(int connection) => _connections.TryGetValue(connection, out var known) ? Encoding.Latin1.GetString(known.Received) : string.Empty;

    /// <summary>Waits for the next request that no other call has taken.</summary>
    public async Task<RecordedRequest> NextRequestAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        return await _arriving.Reader.ReadAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
        if (!_faults.IsEmpty)
        {
            throw new AggregateException("The script failed, or the upstream received what is no request.", _faults);
        }
    }

    internal void Note(RecordedRequest request)
    {
        _requests.Enqueue(request);
        _arriving.Writer.TryWrite(request);
    }

    private async Task AcceptAsync(Func<UpstreamConnection, Task> script)
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                socket.NoDelay = true;
                var connection = new UpstreamConnection(this, socket, Interlocked.Increment(ref _count), _stop.Token);
                _connections[connection.Number] = connection;
                running.RemoveAll(static task => task.IsCompleted);
                running.Add(RunAsync(connection, script));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // A script may wait for a word that a failed test never gave.
            await Task.WhenAny(Task.WhenAll(running), Task.Delay(TimeSpan.FromSeconds(5)));
        }
    }

    private async Task RunAsync(UpstreamConnection connection, Func<UpstreamConnection, Task> script)
    {
        using (connection)
        {
            try
            {
                await script(connection);
            }
            catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
            {
                // The other side is gone: what it should have sent is for the test to say.
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // The test is over.
            }
            catch (Exception exception)
            {
                _faults.Enqueue(exception);
            }
        }
    }
}
