using System.Net;
using System.Net.Sockets;
using System.Text;
using GatewayKit.Chaos;

namespace GatewayKit.WireTests.Chaos;

/// <summary>Two sockets that believe to be connected, and a chaos proxy between them.</summary>
internal sealed class ProxiedPair : IAsyncDisposable
{
    private readonly TcpListener _listener;

    private ProxiedPair(TcpListener listener, ChaosProxy proxy) => (_listener, Proxy) = (listener, proxy);

    public ChaosProxy Proxy { get; }

    public Socket Client { get; private set; } = NewSocket();

    public Socket Server { get; private set; } = NewSocket();

    private static TimeSpan Limit => TimeSpan.FromSeconds(30);

    /// <summary>Starts all, with these toxics from the beginning.</summary>
    public static async Task<ProxiedPair> StartAsync(params Toxic[] toxics)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var pair = new ProxiedPair(listener, ChaosProxy.Start((IPEndPoint)listener.LocalEndpoint, seed: 7));
        foreach (var toxic in toxics)
        {
            pair.Proxy.Add(toxic.GetType().Name, toxic);
        }

        await pair.ConnectAsync();
        return pair;
    }

    /// <summary>Makes a new connection, whose ends are the client and the server from now on.</summary>
    public async Task ConnectAsync()
    {
        Client.Dispose();
        Server.Dispose();
        Client = NewSocket();
        await Client.ConnectAsync(Proxy.EndPoint).WaitAsync(Limit);
        Server = await _listener.AcceptSocketAsync().WaitAsync(Limit);
    }

    public static async Task SendAsync(Socket socket, string text) => Assert.Equal(text.Length, await socket.SendAsync(Encoding.Latin1.GetBytes(text)).WaitAsync(Limit));

    /// <summary>Takes what one read gives; empty at the end.</summary>
    public static async Task<string> ReadAsync(Socket socket)
    {
        var buffer = new byte[65_536];
        return Encoding.Latin1.GetString(buffer, 0, await socket.ReceiveAsync(buffer).WaitAsync(Limit));
    }

    /// <summary>Takes so many bytes.</summary>
    public static async Task<string> ReadAsync(Socket socket, int count)
    {
        var text = new StringBuilder();
        while (text.Length < count && await ReadAsync(socket) is { Length: > 0 } more)
        {
            text.Append(more);
        }

        return text.ToString();
    }

    public static async Task ExpectResetAsync(Socket socket)
    {
        var exception = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while ((await ReadAsync(socket)).Length > 0)
            {
            }
        });
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Server.Dispose();
        await Proxy.DisposeAsync().AsTask().WaitAsync(Limit);
        _listener.Dispose();
        if (TestContext.Current.TestState is null or { Result: TestResult.Failed })
        {
            TestContext.Current.SendDiagnosticMessage("{0}", Proxy.Log);
        }
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
}
