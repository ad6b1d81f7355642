using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace GatewayKit.FunctionalTests.Hosting;

/// <summary>A destination made of bytes: each connection runs the script.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _heads = new();
    private readonly Task _accepting;
    private int _connections;

    private RawUpstream(Func<RawConnection, int, Task> script)
    {
        _listener.Start();
        _accepting = AcceptAsync(script);
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>The heads of the requests that arrived, in order.</summary>
    public IReadOnlyList<string> Heads => [.. _heads];

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Runs a script on every connection; it gets the number of the connection, from 1.</summary>
    public static RawUpstream Start(Func<RawConnection, int, Task> script) => new(script);

    /// <summary>Answers each request that has no body with the same bytes.</summary>
    public static RawUpstream Answering(string answer)
    {
        RawUpstream upstream = null!;
        return upstream = new(async (connection, _) =>
        {
            while (true)
            {
                var head = await connection.ReadHeadAsync();
                upstream.Note(head);
                await connection.SendAsync(answer);
            }
        });
    }

    public void Note(string head) => _heads.Enqueue(head);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync(Func<RawConnection, int, Task> script)
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                socket.NoDelay = true;
                running.Add(RunAsync(new RawConnection(socket), Interlocked.Increment(ref _connections), script));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private static async Task RunAsync(RawConnection connection, int number, Func<RawConnection, int, Task> script)
    {
        using (connection)
        {
            try
            {
                await script(connection, number);
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
            {
                // The other side is gone.
            }
        }
    }
}
