using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Chaos;

/// <summary>
/// Controls a proxy from another process: a TCP port of the loopback where each line is a <see cref="ChaosCommand"/>, answered by what it tells
/// and <c>ok</c>, or by <c>error</c> and why.
/// </summary>
public sealed class ChaosControl : IAsyncDisposable
{
    private readonly ChaosProxy _proxy;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private ChaosControl(ChaosProxy proxy, int port)
    {
        _proxy = proxy;
        _listener = new(IPAddress.Loopback, port);
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>Where to connect.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>Starts to listen.</summary>
    public static ChaosControl Start(ChaosProxy proxy, int port = 0) => new(proxy, port);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
    }

    // One who gives orders at a time: orders have an order.
    private async Task ServeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await using var stream = client.GetStream();
                using var reader = new StreamReader(stream);
                await using var writer = new StreamWriter(stream) { AutoFlush = true, NewLine = "\n" };
                while (await reader.ReadLineAsync(_stop.Token) is { } line)
                {
                    await writer.WriteLineAsync(Answer(line).AsMemory(), _stop.Token);
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // Who went away in the middle of a line has given no order; the next one may.
            }
        }
    }

    private string Answer(string line)
    {
        try
        {
            var told = ChaosCommand.Run(_proxy, line);
            return told.Length == 0 ? "ok" : $"{told}\nok";
        }
        catch (FormatException exception)
        {
            return $"error {exception.Message}";
        }
    }
}
