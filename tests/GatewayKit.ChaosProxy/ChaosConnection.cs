using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Chaos;

/// <summary>One connection through a proxy: two sockets and a relay for each way.</summary>
internal sealed class ChaosConnection : IDisposable
{
    private readonly ChaosProxy _proxy;
    private readonly Socket _client;
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly IPEndPoint _destination;
    private readonly CancellationToken _stop;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private bool _isOver;

    public ChaosConnection(ChaosProxy proxy, int number, Socket client, IPEndPoint destination, CancellationToken stop)
    {
        (_proxy, Number, _client, _destination, _stop) = (proxy, number, client, destination, stop);
    }

    public int Number { get; }

    public ChaosProxy Proxy => _proxy;

    /// <summary>Ends when both sockets are closed. Never fails.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>Cancelled when the connection is over, however.</summary>
    public CancellationToken Over => _end.Token;

    /// <summary>Whether it was ended by a limit: what still comes is dropped.</summary>
    public bool IsClosing { get; private set; }

    public void Start(Action ended) => Completion = RunAsync(ended);

    public void Log(string action) => _proxy.Log.Add(Number, action);

    /// <summary>Resets both sides; once.</summary>
    public void Reset(string why)
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            Log(why);
            Abort(_client);
            Abort(_server);
        }

        _end.Cancel();
    }

    /// <summary>Ends the sending sides of both, so that what was passed on arrives and nothing else.</summary>
    public void Close(string why)
    {
        lock (_lock)
        {
            if (_isOver || IsClosing)
            {
                return;
            }

            IsClosing = true;
            Log(why);
            _client.Shutdown(SocketShutdown.Send);
            _server.Shutdown(SocketShutdown.Send);
        }

        // Who does not close in turn is reset.
        _end.CancelAfter(TimeSpan.FromSeconds(5));
    }

    /// <summary>Resets both sides because nothing may be left.</summary>
    public void Dispose() => Reset("reset: the proxy stops");

    private static void Abort(Socket socket)
    {
        socket.LingerState = new(true, 0);
        socket.Dispose();
    }

    private async Task RunAsync(Action ended)
    {
        // Not on the path of the one who accepts: the next connection must not wait.
        await Task.Yield();
        await using var stopping = _stop.Register(Dispose);
        try
        {
            Log("accept");
            (_client.NoDelay, _server.NoDelay) = (true, true);
            await _server.ConnectAsync(_destination, _end.Token);
            await Task.WhenAll(
                new Relay(this, _client, _server, Flow.Requests).RunAsync(),
                new Relay(this, _server, _client, Flow.Answers).RunAsync());
            lock (_lock)
            {
                if (!_isOver)
                {
                    _isOver = true;
                    Log("end");
                    _client.Dispose();
                    _server.Dispose();
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Reset($"reset: {exception.Message}");
        }
        catch (Exception exception)
        {
            Reset($"failed: {exception}");
        }
        finally
        {
            ended();
        }
    }
}
