using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Chaos;

/// <summary>
/// A TCP relay on the loopback between any two parties, with whatever is wrong with it. It works above TCP: it cannot lose or reorder
/// segments. Half-closed connections stay so. Thread-safe; changes act on open connections too.
/// </summary>
public sealed class ChaosProxy : IAsyncDisposable
{
    private readonly IPEndPoint _destination;
    private readonly Socket _place;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, ChaosConnection> _connections = new();
    private readonly Lock _lock = new();
    private readonly int _seed;
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private ToxicSet _toxics = new([]);
    private int _accepted;
    private bool _isStopped;

    private ChaosProxy(IPEndPoint destination, int port, int seed)
    {
        (_destination, _seed) = (destination, seed);

        // Bound and never listening: it holds the port while the proxy is down, and connecting is refused.
        _place = Bind(port);
        EndPoint = (IPEndPoint)_place.LocalEndPoint!;
        Log.Add(0, $"start {EndPoint} to {destination}, seed {seed}");
        Up();
    }

    /// <summary>Where to connect.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>The same as an address.</summary>
    public Uri Address => new($"http://{EndPoint}");

    /// <summary>What it did.</summary>
    public ChaosLog Log { get; } = new();

    /// <summary>How many connections were made to it.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>How many are open.</summary>
    public int Open => _connections.Count;

    /// <summary>The toxics by name.</summary>
    public IReadOnlyList<KeyValuePair<string, Toxic>> Toxics => Volatile.Read(ref _toxics).All;

    /// <summary>Stands in front of a party.</summary>
    /// <param name="destination">Where connections lead.</param>
    /// <param name="seed">Of all that is drawn. The log names it.</param>
    /// <param name="port">Where to listen. Default: a free port.</param>
    public static ChaosProxy Start(IPEndPoint destination, int seed = 1, int port = 0) => new(destination, port, seed);

    /// <summary>Adds a toxic, or replaces the one of this name.</summary>
    public void Add(string name, Toxic toxic) => Change($"add {name} {toxic}", toxics => [.. toxics.Where(one => one.Key != name), new(name, toxic)]);

    /// <summary>Takes a toxic away.</summary>
    public void Remove(string name) => Change($"remove {name}", toxics => [.. toxics.Where(one => one.Key != name)]);

    /// <summary>Takes all toxics away.</summary>
    public void Clear() => Change("clear", static _ => []);

    /// <summary>Refuses connections from now on, and resets those that are open.</summary>
    public void Down()
    {
        Socket? listener;
        lock (_lock)
        {
            (listener, _listener) = (_listener, null);
            Log.Add(0, "down");
        }

        listener?.Dispose();
        ResetConnections();
    }

    /// <summary>Takes connections again.</summary>
    public void Up()
    {
        lock (_lock)
        {
            if (_listener is null && !_isStopped)
            {
                _listener = Bind(EndPoint.Port);
                _listener.Listen(512);
                _accepting = Task.WhenAll(_accepting, AcceptAsync(_listener));
                Log.Add(0, "up");
            }
        }
    }

    /// <summary>Resets (RST) all open connections on both sides.</summary>
    public void ResetConnections()
    {
        foreach (var connection in _connections.Values)
        {
            connection.Reset("reset by order");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isStopped, true))
        {
            return;
        }

        await _stop.CancelAsync();
        Down();
        await _accepting;
        await Task.WhenAll(_connections.Values.Select(static connection => connection.Completion));
        _place.Dispose();
        _stop.Dispose();
        Log.Add(0, "stop");
    }

    internal T? Find<T>(Flow flow, int connection, out Task changed)
        where T : Toxic
    {
        var toxics = Volatile.Read(ref _toxics);
        changed = toxics.Changed;
        return toxics.Find<T>(flow, connection, _seed);
    }

    internal Random CreateRandom(int connection, Flow flow) => new((int)(ToxicSet.Draw(_seed, connection, flow.ToString()) * int.MaxValue));

    // SO_REUSEADDR, which .NET sets for TCP on Unix, lets two sockets have the port as long as one of them listens at most.
    private static Socket Bind(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    private void Change(string action, Func<IEnumerable<KeyValuePair<string, Toxic>>, KeyValuePair<string, Toxic>[]> change)
    {
        lock (_lock)
        {
            var former = _toxics;
            Volatile.Write(ref _toxics, new(change(former.All)));
            Log.Add(0, action);
            former.Supersede();
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync(_stop.Token);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }

            var connection = new ChaosConnection(this, Interlocked.Increment(ref _accepted), client, _destination, _stop.Token);
            _connections[connection.Number] = connection;
            connection.Start(() => _connections.TryRemove(connection.Number, out _));
            if (!ReferenceEquals(Volatile.Read(ref _listener), listener))
            {
                connection.Reset("reset: down");
            }
        }
    }
}
