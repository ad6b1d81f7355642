using System.Net;
using System.Net.Sockets;

namespace GatewayKit.WireTests.Http2;

/// <summary>
/// A destination that never answers and counts how many connections are open to it at once. One thread: a connection that the gateway has closed
/// is seen to be closed before the one that took its place is counted, because on the loopback the end of the first is there by then.
/// </summary>
internal sealed class CountingUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _open = [];
    private readonly byte[] _buffer = new byte[65_536];
    private readonly Thread _counting;
    private volatile bool _stopped;
    private volatile int _most;

    public CountingUpstream()
    {
        _listener.Start();
        _counting = new(Count) { IsBackground = true };
        _counting.Start();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>The most that were open at once.</summary>
    public int Most => _most;

    /// <summary>Waits until so many were open at once.</summary>
    public async Task HasSeenAsync(int connections)
    {
        using var limit = new CancellationTokenSource(Clients.ScriptedClient.Limit);
        while (Most < connections)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public ValueTask DisposeAsync()
    {
        _stopped = true;
        _counting.Join();
        _listener.Stop();
        _open.ForEach(static socket => socket.Dispose());
        return ValueTask.CompletedTask;
    }

    private void Count()
    {
        while (!_stopped)
        {
            if (!_listener.Server.Poll(TimeSpan.FromMilliseconds(20), SelectMode.SelectRead))
            {
                continue;
            }

            var socket = _listener.AcceptSocket();
            _open.RemoveAll(IsClosed);
            _open.Add(socket);
            _most = Math.Max(_most, _open.Count);
        }
    }

    private bool IsClosed(Socket socket)
    {
        try
        {
            while (socket.Poll(0, SelectMode.SelectRead))
            {
                if (socket.Receive(_buffer) == 0)
                {
                    socket.Dispose();
                    return true;
                }
            }

            return false;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return true;
        }
    }
}
