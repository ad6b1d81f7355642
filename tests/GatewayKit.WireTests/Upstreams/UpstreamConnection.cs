using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace GatewayKit.WireTests.Upstreams;

/// <summary>
/// The destination's end of one connection, step by step. Text is Latin-1, one byte a character. A step that waits for bytes throws
/// <see cref="EndOfStreamException"/> when the gateway closes before they are there.
/// </summary>
internal sealed class UpstreamConnection(ScriptedUpstream upstream, Socket socket, int number, CancellationToken stop) : IDisposable
{
    private readonly MemoryStream _received = new();
    private readonly byte[] _buffer = new byte[65_536];
    private readonly Lock _lock = new();
    private Stream _stream = new NetworkStream(socket, ownsSocket: true);
    private int _taken;

    /// <summary>Which connection it is, from 1.</summary>
    public int Number => number;

    /// <summary>The port at the gateway's end: what tells its connections apart.</summary>
    public int GatewayPort { get; } = ((System.Net.IPEndPoint)socket.RemoteEndPoint!).Port;

    /// <summary>Every byte that has arrived.</summary>
    public byte[] Received
    {
        get
        {
            lock (_lock)
            {
                return _received.ToArray();
            }
        }
    }

    /// <summary>Waits for the head of a request and takes it, with its empty line. The body is left alone.</summary>
    public async Task<string> ReadHeadAsync() => Encoding.Latin1.GetString(await TakeThroughAsync("\r\n\r\n"u8.ToArray()));

    /// <summary>Waits for a whole request, parses it strictly, and keeps it in <see cref="ScriptedUpstream.Requests"/>.</summary>
    /// <exception cref="FormatException">It breaks RFC 9112.</exception>
    public async Task<RecordedRequest> ReadRequestAsync()
    {
        var head = await TakeThroughAsync("\r\n\r\n"u8.ToArray());
        var request = RecordedRequest.Parse(head, Number);
        if (request.Length is { } length)
        {
            request.Append(await TakeAsync(length));
        }
        else if (request.IsChunked)
        {
            while (true)
            {
                var size = request.AppendChunkSize(await TakeThroughAsync("\r\n"u8.ToArray()));
                if (size == 0)
                {
                    break;
                }

                request.AppendChunk(await TakeAsync(size + 2));
            }

            request.AppendTrailers(await TakeThroughAsync("\r\n"u8.ToArray()));
        }

        upstream.Note(request);
        return request;
    }

    /// <summary>Waits for so many bytes and takes them.</summary>
    public async Task<byte[]> TakeAsync(int count)
    {
        while (_received.Length - _taken < count)
        {
            await FillOrThrowAsync($"{count} bytes");
        }

        return Take(count);
    }

    /// <summary>Waits for a text and takes everything up to its end.</summary>
    public Task<byte[]> TakeThroughAsync(string text) => TakeThroughAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Reads whatever comes until the gateway closes or resets.</summary>
    /// <returns>Whether it was a reset.</returns>
    public async Task<bool> ReadToEndAsync()
    {
        try
        {
            while (await FillAsync())
            {
            }

            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Waits for ever, reading nothing: the gateway's sends back up.</summary>
    public async Task ReadNothingAsync() => await Task.Delay(Timeout.Infinite, stop);

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var limit = Limited();
        await _stream.WriteAsync(bytes, limit.Token);
    }

    /// <summary>Sends bytes in pieces, each only when the gateway has read the one before: so many reads at least see them.</summary>
    public async Task SendAsync(IEnumerable<string> pieces, WatchedConnections gateway)
    {
        var connection = await gateway.GetAsync(GatewayPort);
        var read = connection.BytesRead;
        foreach (var piece in pieces)
        {
            await SendAsync(piece);
            read += piece.Length;
            if (!await connection.HasReadAsync(read))
            {
                return;
            }
        }
    }

    /// <summary>Sends no more; goes on receiving.</summary>
    public void HalfClose() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Closes with RST.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    /// <summary>From here on the connection is TLS, this end the server.</summary>
    public async Task SecureAsync(SslServerAuthenticationOptions options)
    {
        using var limit = Limited();
        var secured = new SslStream(_stream);
        await secured.AuthenticateAsServerAsync(options, limit.Token);
        _stream = secured;
    }

    public void Dispose() => _stream.Dispose();

    private async Task<byte[]> TakeThroughAsync(byte[] end)
    {
        var from = _taken;
        while (true)
        {
            var at = _received.GetBuffer().AsSpan(from, (int)_received.Length - from).IndexOf(end);
            if (at >= 0)
            {
                return Take(from + at + end.Length - _taken);
            }

            from = Math.Max(_taken, (int)_received.Length - end.Length + 1);
            await FillOrThrowAsync($"'{Encoding.Latin1.GetString(end)}'");
        }
    }

    private byte[] Take(int count)
    {
        var taken = _received.GetBuffer().AsSpan(_taken, count).ToArray();
        _taken += count;
        return taken;
    }

    private async Task FillOrThrowAsync(string what)
    {
        if (!await FillAsync())
        {
            throw new EndOfStreamException($"The gateway closed connection {Number} before {what}.");
        }
    }

    private async Task<bool> FillAsync()
    {
        using var limit = Limited();
        var read = await _stream.ReadAsync(_buffer, limit.Token);
        lock (_lock)
        {
            _received.Write(_buffer, 0, read);
        }

        return read > 0;
    }

    private CancellationTokenSource Limited()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(ScriptedUpstream.Limit);
        return limit;
    }
}
