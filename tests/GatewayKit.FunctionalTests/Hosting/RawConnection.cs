using System.Net.Sockets;
using System.Text;

namespace GatewayKit.FunctionalTests.Hosting;

/// <summary>One side of a TCP connection that is read and written byte by byte, in Latin-1. Every wait ends after 20 s.</summary>
internal sealed class RawConnection(Socket socket) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly MemoryStream _rest = new();

    public static TimeSpan Limit => TimeSpan.FromSeconds(20);

    /// <summary>Connects as a client.</summary>
    public static async Task<RawConnection> ConnectAsync(Uri address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.Host, address.Port);
        return new(socket);
    }

    public async Task SendAsync(string text)
    {
        using var limit = new CancellationTokenSource(Limit);
        await _stream.WriteAsync(Encoding.Latin1.GetBytes(text), limit.Token);
    }

    /// <summary>Reads a head, with its empty line.</summary>
    public Task<string> ReadHeadAsync() => ReadThroughAsync("\r\n\r\n");

    /// <summary>Reads up to and with a text.</summary>
    public async Task<string> ReadThroughAsync(string end)
    {
        while (true)
        {
            var text = Encoding.Latin1.GetString(_rest.ToArray());
            var at = text.IndexOf(end, StringComparison.Ordinal);
            if (at >= 0)
            {
                return Take(at + end.Length);
            }

            if (!await FillAsync())
            {
                throw new EndOfStreamException($"The connection ended before '{end}'. There was: {text}");
            }
        }
    }

    /// <summary>Reads so many bytes.</summary>
    public async Task<string> ReadAsync(int count)
    {
        while (_rest.Length < count)
        {
            if (!await FillAsync())
            {
                throw new EndOfStreamException($"The connection ended after {_rest.Length} of {count} bytes.");
            }
        }

        return Take(count);
    }

    /// <summary>Reads until the other side closes or resets.</summary>
    public async Task<string> ReadToEndAsync()
    {
        try
        {
            while (await FillAsync())
            {
            }
        }
        catch (IOException)
        {
            // A reset is an end too.
        }

        return Take((int)_rest.Length);
    }

    /// <summary>Sends a whole request and reads the whole answer, which must close the connection.</summary>
    public async Task<string> ExchangeAsync(string request)
    {
        await SendAsync(request);
        return await ReadToEndAsync();
    }

    /// <summary>Reads one answer that states its length or is chunked.</summary>
    public async Task<string> ReadAnswerAsync()
    {
        var head = await ReadHeadAsync();
        if (head.Contains("\r\nTransfer-Encoding: chunked\r\n", StringComparison.OrdinalIgnoreCase))
        {
            return head + await ReadThroughAsync("0\r\n\r\n");
        }

        var length = System.Text.RegularExpressions.Regex.Match(head, "(?mi)^content-length: *([0-9]+)");
        return length.Success ? head + await ReadAsync(int.Parse(length.Groups[1].Value)) : head;
    }

    /// <summary>Ends the sending side.</summary>
    public void ShutdownSend() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Closes with RST.</summary>
    public void Reset()
    {
        // Not through the stream, which would say FIN first.
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    public void Dispose() => _stream.Dispose();

    private async Task<bool> FillAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        var buffer = new byte[16_384];
        var read = await _stream.ReadAsync(buffer, limit.Token);
        _rest.Position = _rest.Length;
        _rest.Write(buffer, 0, read);
        return read > 0;
    }

    private string Take(int count)
    {
        var all = _rest.ToArray();
        _rest.SetLength(0);
        _rest.Write(all, count, all.Length - count);
        return Encoding.Latin1.GetString(all, 0, count);
    }
}
