using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace GatewayKit.ClientTests.Standalone.Drains;

/// <summary>
/// A client of HTTP/1.1 that keeps its connection as long as the server lets it, and repeats nothing: <see cref="HttpClient"/> sends a request again
/// when its connection closes under it, which would hide what is looked for.
/// </summary>
internal sealed class KeepAliveClient(Uri address) : IDisposable
{
    private TcpClient? _connection;
    private StreamReader? _reader;

    /// <summary>Sends a request and reads its whole answer.</summary>
    /// <returns>Status and body; <see langword="null"/> if nobody listens any more.</returns>
    /// <exception cref="IOException">The connection ended before the answer did.</exception>
    public async Task<(int Status, string Body)?> SendAsync(string method, string path, string body, CancellationToken cancellationToken)
    {
        if (_connection is null && !await ConnectAsync(cancellationToken))
        {
            return null;
        }

        var length = method is "GET" ? string.Empty : $"Content-Length: {body.Length}\r\n";
        await _connection!.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: drain.example\r\n{length}\r\n{body}"), cancellationToken);
        var (status, fields) = await ReadHeadAsync(cancellationToken);
        var answer = fields.TryGetValue("content-length", out var count)
            ? await ReadAsync(int.Parse(count, CultureInfo.InvariantCulture), cancellationToken)
            : await ReadChunksAsync(cancellationToken);
        if (fields.GetValueOrDefault("connection") is "close")
        {
            Close();
        }

        return (status, answer);
    }

    public void Dispose() => Close();

    private async Task<bool> ConnectAsync(CancellationToken cancellationToken)
    {
        _connection = new TcpClient { NoDelay = true };
        try
        {
            await _connection.ConnectAsync(address.Host, address.Port, cancellationToken);
            _reader = new StreamReader(_connection.GetStream(), Encoding.Latin1);
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionRefused)
        {
            Close();
            return false;
        }
    }

    private async Task<(int Status, Dictionary<string, string> Fields)> ReadHeadAsync(CancellationToken cancellationToken)
    {
        var status = int.Parse((await ReadLineAsync(cancellationToken)).Split(' ')[1], CultureInfo.InvariantCulture);
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await ReadLineAsync(cancellationToken) is { Length: > 0 } line)
        {
            var at = line.IndexOf(':', StringComparison.Ordinal);
            fields[line[..at]] = line[(at + 1)..].Trim();
        }

        return (status, fields);
    }

    private async Task<string> ReadChunksAsync(CancellationToken cancellationToken)
    {
        var body = new StringBuilder();
        while (int.Parse(await ReadLineAsync(cancellationToken), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var size)
        {
            body.Append(await ReadAsync(size, cancellationToken));
            await ReadLineAsync(cancellationToken);
        }

        await ReadLineAsync(cancellationToken);
        return body.ToString();
    }

    private async Task<string> ReadAsync(int count, CancellationToken cancellationToken)
    {
        var buffer = new char[count];
        return await _reader!.ReadBlockAsync(buffer, cancellationToken) == count ? new(buffer) : throw new EndOfStreamException("The connection ended in a body.");
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken) =>
        await _reader!.ReadLineAsync(cancellationToken) ?? throw new EndOfStreamException("The connection ended before an answer.");

    private void Close()
    {
        _reader?.Dispose();
        _connection?.Dispose();
        (_reader, _connection) = (null, null);
    }
}
