using System.Net;
using System.Net.Sockets;
using GatewayKit.WireTests.Hosting;

namespace GatewayKit.WireTests.Clients;

/// <summary>
/// A client made of bytes, step by step. Text is Latin-1, one byte a character. A piece is sent when the server has seen the one before,
/// so what is a segment here is one there, without a clock. Every wait fails after <see cref="Limit"/>.
/// </summary>
internal sealed class ScriptedClient : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[16_384];
    private string _unread = string.Empty;
    private long _sent;
    private bool _ended;

    private ScriptedClient(Socket socket, ServerTap server) => (_socket, Server) = (socket, server);

    /// <summary>How long any step may take. Long enough for a loaded machine: no test waits for it on purpose.</summary>
    public static TimeSpan Limit => TimeSpan.FromSeconds(30);

    /// <summary>The server's end of the connection.</summary>
    public ServerTap Server { get; }

    /// <summary>Whether the other side has reset the connection, rather than ended it.</summary>
    public bool WasReset { get; private set; }

    public static async Task<ScriptedClient> ConnectAsync(WireGateway gateway)
    {
        using var limit = new CancellationTokenSource(Limit);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, gateway.Port, limit.Token);
            return new(socket, gateway.Taps.Of(((IPEndPoint)socket.LocalEndPoint!).Port));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends bytes in one piece and waits for nothing.</summary>
    /// <returns>Whether they could be sent: the other side may have closed.</returns>
    public async Task<bool> SendAsync(string bytes)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            for (ReadOnlyMemory<byte> rest = Latin1.Bytes(bytes); !rest.IsEmpty;)
            {
                rest = rest[await _socket.SendAsync(rest, limit.Token)..];
            }

            _sent += bytes.Length;
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Sends bytes cut in pieces; the rest is kept back when the server hangs up.</summary>
    public async Task SendAsync(string bytes, Segmentation segmentation)
    {
        foreach (var piece in segmentation.Split(bytes))
        {
            if (!await SendAsync(piece) || !await HasBeenSeenAsync())
            {
                return;
            }
        }
    }

    /// <summary>Sends bytes one by one.</summary>
    public Task DripAsync(string bytes) => SendAsync(bytes, new("each byte", [.. Enumerable.Range(1, bytes.Length - 1)]));

    /// <summary>Waits until the server has seen all that was sent.</summary>
    /// <returns>Whether it has; otherwise it has done with the connection.</returns>
    public Task<bool> HasBeenSeenAsync() => Server.HasSeenAsync(_sent);

    /// <summary>Waits for a text and takes everything up to its end.</summary>
    public async Task<string> TakeThroughAsync(string text)
    {
        var from = 0;
        while (true)
        {
            var at = _unread.IndexOf(text, from, StringComparison.Ordinal);
            if (at >= 0)
            {
                return Take(at + text.Length);
            }

            from = Math.Max(0, _unread.Length - text.Length + 1);
            await FillOrThrowAsync($"'{Latin1.Show(text)}'");
        }
    }

    /// <summary>Waits for so many bytes and takes them.</summary>
    public async Task<string> TakeAsync(int count)
    {
        while (_unread.Length < count)
        {
            await FillOrThrowAsync($"{count} bytes");
        }

        return Take(count);
    }

    /// <summary>Takes one answer, read strictly.</summary>
    /// <param name="toHead">Whether it answers HEAD, and has no body whatever it says.</param>
    public async Task<Answer> TakeAnswerAsync(bool toHead = false)
    {
        var head = await TakeThroughAsync("\r\n\r\n");
        var status = Answer.StatusOf(head);
        var length = Answer.LengthOf(head, status, toHead);
        var body = length switch
        {
            -1 => await TakeChunksAsync(),
            -2 => await TakeToEndAsync(),
            _ => await TakeAsync(length),
        };
        return new(status, head, body);
    }

    /// <summary>Takes these bytes and no others.</summary>
    public async Task ExpectAsync(string exactly) => Assert.Equal(exactly, await TakeAsync(exactly.Length));

    /// <summary>The other side ends the connection and has nothing more to say.</summary>
    public async Task ExpectClosedAsync() => Assert.Equal(string.Empty, Latin1.Show(await TakeToEndAsync()));

    /// <summary>Takes everything until the other side closes or resets.</summary>
    public async Task<string> TakeToEndAsync()
    {
        while (await FillAsync())
        {
        }

        return Take(_unread.Length);
    }

    /// <summary>Ends the sending side; goes on receiving.</summary>
    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Closes with RST.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    /// <summary>Waits until the server has let go of the connection.</summary>
    public Task ExpectReleasedAsync() => Server.Ended.WaitAsync(Limit);

    public void Dispose() => _socket.Dispose();

    private async Task<string> TakeChunksAsync()
    {
        var body = string.Empty;
        while (true)
        {
            var size = int.Parse((await TakeThroughAsync("\r\n"))[..^2], System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture);
            body += await TakeAsync(size);
            await ExpectAsync("\r\n");
            if (size == 0)
            {
                return body;
            }
        }
    }

    private string Take(int count)
    {
        var taken = _unread[..count];
        _unread = _unread[count..];
        return taken;
    }

    private async Task FillOrThrowAsync(string what)
    {
        if (!await FillAsync())
        {
            throw new EndOfStreamException($"The connection {(WasReset ? "was reset" : "ended")} before {what}. There was: {Latin1.Show(_unread)}");
        }
    }

    private async Task<bool> FillAsync()
    {
        if (_ended)
        {
            return false;
        }

        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var read = await _socket.ReceiveAsync(_buffer, limit.Token);
            _unread += Latin1.Text(_buffer.AsSpan(0, read));
            _ended = read == 0;
        }
        catch (SocketException)
        {
            (_ended, WasReset) = (true, true);
        }

        return !_ended;
    }
}
