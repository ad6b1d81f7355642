using System.Net;
using System.Net.Sockets;
using GatewayKit.WireTests.Clients;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Hosting;

/// <summary>
/// A destination that answers each request by what it read: method, target and length of the body. An answer that reached the wrong
/// client, or a request that was read as two, shows in the text. It reads strictly, keeps what it read, and forgets it when told to.
/// </summary>
internal sealed class EchoUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Connection> _connections = [];
    private readonly Lock _lock = new();
    private readonly Thread _accepting;
    private List<RecordedRequest> _requests = [];
    private List<string> _broken = [];
    private List<string> _faults = [];
    private int _opened;
    private int _closed;

    public EchoUpstream()
    {
        _listener.Start();
        _accepting = new(Accept) { IsBackground = true };
        _accepting.Start();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>How many connections its only client has opened and closed; without it, what is on its way is overlooked.</summary>
    public Func<(int Opened, int Closed)>? Counterpart { get; set; }

    /// <summary>What it answers to a request.</summary>
    public static string EchoOf(string method, string target, int bodyLength) => $"{method} {target} {bodyLength}";

    /// <summary>
    /// Waits until every byte that is on its way has been read, and takes what was: whole requests, the bytes of requests that broke off, and
    /// what no strict reader takes.
    /// </summary>
    public async Task<(IReadOnlyList<RecordedRequest> Requests, IReadOnlyList<string> Broken, IReadOnlyList<string> Faults)> TakeAsync()
    {
        using var limit = new CancellationTokenSource(ScriptedClient.Limit);
        while (!IsQuiet())
        {
            if (limit.IsCancellationRequested)
            {
                Assert.Fail($"The destination is busy: {Describe()}");
            }

            await Task.Yield();
        }

        lock (_lock)
        {
            var taken = (_requests, _broken, _faults);
            (_requests, _broken, _faults) = ([], [], []);
            return taken;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _accepting.Join();
        _listener.Stop();
    }

    // Bytes and ends of connections may be on their way, on a busy machine also on the loopback: the gateway says how many connections it has
    // opened and closed. Quiet is when as many came and went here, and nothing waits to be read.
    private bool IsQuiet()
    {
        lock (_lock)
        {
            return (Counterpart is null || (Counterpart() is var (opened, closed) && _opened == opened && _closed >= closed))
                && !_listener.Pending() && _connections.TrueForAll(static connection => connection.IsQuiet);
        }
    }

    private string Describe()
    {
        lock (_lock)
        {
            return string.Join(" | ", _connections.Where(static connection => !connection.IsQuiet).Select(static connection => connection.ToString()).Prepend($"{_opened} came, {_closed} went, {Counterpart?.Invoke()} by the gateway"));
        }
    }

    // A connection leaves the backlog and is known in one step, or it could be overlooked in between. So no accept that completes elsewhere.
    private void Accept()
    {
        while (!_stop.IsCancellationRequested)
        {
            if (!_listener.Server.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead))
            {
                continue;
            }

            Connection connection;
            lock (_lock)
            {
                var socket = _listener.AcceptSocket();
                (socket.NoDelay, socket.Blocking) = (true, false);
                connection = new(socket, _stop.Token);
                _connections.Add(connection);
                _opened++;
            }

            _ = Task.Run(() => RunAsync(connection));
        }
    }

    private async Task RunAsync(Connection connection)
    {
        try
        {
            while (await ReadAsync(connection) is { } request)
            {
                lock (_lock)
                {
                    _requests.Add(request);
                }

                // Nothing may follow a request before its answer: it would be a second one.
                if (connection.HasMore)
                {
                    Note(ref _faults, $"Bytes follow the request: {Latin1.Show(connection.Rest)}");
                    return;
                }

                var echo = EchoOf(request.Method, request.Target, request.Body.Length);
                await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {echo.Length}\r\n\r\n{(request.Method is "HEAD" ? null : echo)}");
            }
        }
        catch (FormatException exception)
        {
            Note(ref _faults, exception.Message);
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // The gateway has closed; what it had begun is noted.
        }
        finally
        {
            lock (_lock)
            {
                _connections.Remove(connection);
                _closed++;
                connection.Dispose();
                if (connection.Begun is { Length: > 0 } begun)
                {
                    _broken.Add(begun);
                }
            }
        }
    }

    private static async Task<RecordedRequest?> ReadAsync(Connection connection)
    {
        connection.Begin();
        var request = RecordedRequest.Parse(Latin1.Bytes(await connection.TakeThroughAsync("\r\n\r\n")), 0);
        if (request.Length is { } length)
        {
            request.Append(Latin1.Bytes(await connection.TakeAsync(length)));
        }
        else if (request.IsChunked)
        {
            while (true)
            {
                var size = request.AppendChunkSize(Latin1.Bytes(await connection.TakeThroughAsync("\r\n")));
                if (size == 0)
                {
                    break;
                }

                request.AppendChunk(Latin1.Bytes(await connection.TakeAsync(size + 2)));
            }

            request.AppendTrailers(Latin1.Bytes(await connection.TakeThroughAsync("\r\n")));
        }

        connection.Complete();
        return request;
    }

    private void Note(ref List<string> list, string text)
    {
        lock (_lock)
        {
            list.Add(text);
        }
    }

    private sealed class Connection(Socket socket, CancellationToken stop) : IDisposable
    {
        private readonly byte[] _buffer = new byte[16_384];
        private readonly System.Text.StringBuilder _begun = new();
        private int _at;
        private volatile bool _waits;

        /// <summary>The bytes of the request that is being read.</summary>
        public string Begun => _begun.ToString();

        public bool HasMore => _at < _begun.Length || socket.Available > 0;

        public string Rest => _begun.ToString(_at, _begun.Length - _at);

        /// <summary>Whether it waits for bytes, none of which are there.</summary>
        public bool IsQuiet => _waits && !socket.Poll(0, SelectMode.SelectRead);

        public override string ToString() => $"{(_waits ? "waits" : "works")}, {socket.Available} bytes in the socket, has {Latin1.Show(Begun)}";

        public void Begin() => Complete();

        public void Complete()
        {
            _begun.Remove(0, _at);
            _at = 0;
        }

        public async Task<string> TakeThroughAsync(string end)
        {
            while (true)
            {
                var at = _begun.ToString().IndexOf(end, _at, StringComparison.Ordinal);
                if (at >= 0)
                {
                    return Take(at + end.Length - _at);
                }

                await FillAsync();
            }
        }

        public async Task<string> TakeAsync(int count)
        {
            while (_begun.Length - _at < count)
            {
                await FillAsync();
            }

            return Take(count);
        }

        public async Task SendAsync(string text) => await socket.SendAsync(Latin1.Bytes(text), stop);

        public void Dispose() => socket.Dispose();

        private string Take(int count)
        {
            var taken = _begun.ToString(_at, count);
            _at += count;
            return taken;
        }

        private async Task FillAsync()
        {
            // The bytes stay in the socket until it is known that they were not waited for any more. Such a wait may end early.
            int read;
            SocketError error;
            do
            {
                _waits = true;
                await socket.ReceiveAsync(Memory<byte>.Empty, stop);
                _waits = false;
                read = socket.Receive(_buffer, SocketFlags.None, out error);
            }
            while (error is SocketError.WouldBlock);
            if (error is not SocketError.Success)
            {
                throw new SocketException((int)error);
            }

            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            _begun.Append(Latin1.Text(_buffer.AsSpan(0, read)));
        }
    }
}
