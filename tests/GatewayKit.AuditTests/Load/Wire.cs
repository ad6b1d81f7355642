using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GatewayKit.AuditTests.Load;

/// <summary>One end of a connection, buffered: heads, bodies and chunks of HTTP/1.1 without a library that tidies up.</summary>
internal sealed class Wire(Socket socket) : IDisposable
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _from, _to;

    /// <summary>How long any step may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static async Task<Wire> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return new(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes)..];
        }
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Reads through an empty line.</summary>
    /// <returns><see langword="null"/> if the other end closes before.</returns>
    public async Task<string?> ReadHeadAsync()
    {
        var scanned = 0;
        while (true)
        {
            var at = _buffer.AsSpan(_from + scanned, _to - _from - scanned).IndexOf("\r\n\r\n"u8);
            if (at >= 0)
            {
                var head = Encoding.Latin1.GetString(_buffer, _from, scanned + at + 4);
                _from += scanned + at + 4;
                return head;
            }

            scanned = Math.Max(0, _to - _from - 3);
            if (!await FillAsync())
            {
                return null;
            }
        }
    }

    /// <summary>Reads so many bytes, or fewer if the other end closes before.</summary>
    public async Task<byte[]> ReadAsync(int count)
    {
        while (_to - _from < count && await FillAsync())
        {
        }

        var bytes = _buffer.AsSpan(_from, Math.Min(count, _to - _from)).ToArray();
        _from += bytes.Length;
        return bytes;
    }

    /// <summary>Reads chunks through the last one and its trailers.</summary>
    /// <returns><see langword="null"/> if the other end closes before.</returns>
    public async Task<byte[]?> ReadChunksAsync()
    {
        using var body = new MemoryStream();
        while (true)
        {
            if (await ReadLineAsync() is not { } line || !Utf8Parser.TryParse(Encoding.ASCII.GetBytes(line), out int size, out _, 'x'))
            {
                return null;
            }

            if (size == 0)
            {
                while (await ReadLineAsync() is { } trailer)
                {
                    if (trailer.Length == 0)
                    {
                        return body.ToArray();
                    }
                }

                return null;
            }

            var chunk = await ReadAsync(size + 2);
            if (chunk.Length < size + 2)
            {
                return null;
            }

            body.Write(chunk, 0, size);
        }
    }

    /// <summary>Reads whatever comes until the other end closes.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        using var body = new MemoryStream();
        do
        {
            body.Write(_buffer, _from, _to - _from);
            _from = _to;
        }
        while (await FillAsync());
        return body.ToArray();
    }

    public void HalfClose() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Closes with RST.</summary>
    public void Reset()
    {
        socket.LingerState = new(true, 0);
        socket.Close();
    }

    public void Dispose() => socket.Dispose();

    /// <summary>The value of a field of a head; <see langword="null"/> if it has none.</summary>
    public static string? Field(string head, string name)
    {
        var at = head.IndexOf($"\r\n{name}: ", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return null;
        }

        at += name.Length + 4;
        return head[at..head.IndexOf("\r\n", at, StringComparison.Ordinal)];
    }

    public static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private async Task<string?> ReadLineAsync()
    {
        while (true)
        {
            var at = _buffer.AsSpan(_from, _to - _from).IndexOf("\r\n"u8);
            if (at >= 0)
            {
                var line = Encoding.Latin1.GetString(_buffer, _from, at);
                _from += at + 2;
                return line;
            }

            if (!await FillAsync())
            {
                return null;
            }
        }
    }

    private async Task<bool> FillAsync()
    {
        if (_from == _to)
        {
            (_from, _to) = (0, 0);
        }
        else if (_to == _buffer.Length)
        {
            var larger = _from < _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
            Buffer.BlockCopy(_buffer, _from, larger, 0, _to - _from);
            (_buffer, _from, _to) = (larger, 0, _to - _from);
        }

        using var limit = new CancellationTokenSource(Limit);
        var read = await socket.ReceiveAsync(_buffer.AsMemory(_to), limit.Token);
        _to += read;
        return read > 0;
    }
}
