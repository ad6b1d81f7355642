using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace GatewayKit.WireTests.Responses;

/// <summary>A client on a raw socket that reads answers strictly and knows a whole one from a cut one.</summary>
internal sealed class AnswerReader : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };
    private readonly byte[] _buffer = new byte[65_536];
    private byte[] _pending = [];
    private NetworkStream _stream = null!;

    public Socket Socket => _client.Client;

    public static async Task<AnswerReader> ConnectAsync(Uri address)
    {
        var reader = new AnswerReader();
        await reader._client.ConnectAsync(address.Host, address.Port);
        reader._stream = reader._client.GetStream();
        return reader;
    }

    public async Task SendAsync(string text) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes);

    /// <summary>Sends a request without a body and reads its answer.</summary>
    public async Task<ReceivedAnswer> GetAsync(string target, string method = "GET")
    {
        await SendAsync($"{method} {target} HTTP/1.1\r\nHost: gateway\r\n\r\n");
        return await ReadAsync(method);
    }

    /// <summary>Reads one answer as RFC 9112 frames it.</summary>
    /// <exception cref="FormatException">It is malformed.</exception>
    /// <param name="method">What was asked.</param>
    /// <param name="mayContinue">Whether a word that the body may come (RFC 9110 §15.2.1) may stand in front of it.</param>
    public async Task<ReceivedAnswer> ReadAsync(string method = "GET", bool mayContinue = false)
    {
        var head = await ReadHeadAsync();
        if (mayContinue && head is not null && head.StartsWith("HTTP/1.1 100 ", StringComparison.Ordinal))
        {
            head = await ReadHeadAsync();
        }

        if (head is null)
        {
            return ReceivedAnswer.None;
        }

        var answer = ReceivedAnswer.Parse(head);
        if (method == "HEAD" || answer.Status is 204 or 304)
        {
            return answer;
        }

        if (answer["Transfer-Encoding"] is ["chunked"])
        {
            return await ReadChunksAsync(answer);
        }

        if (answer["Content-Length"] is [var stated])
        {
            var length = int.Parse(stated, NumberStyles.None, CultureInfo.InvariantCulture);
            while (_pending.Length < length && await FillAsync())
            {
            }

            var body = Take(Math.Min(length, _pending.Length));
            return answer with { Body = body, IsWhole = body.Length == length };
        }

        // A body up to the close is never known to be whole.
        while (await FillAsync())
        {
        }

        return answer with { Body = Take(_pending.Length), IsWhole = false };
    }

    /// <summary>Waits for the head of an answer; <see langword="null"/> if the connection ends before it.</summary>
    public async Task<string?> ReadHeadAsync()
    {
        int end;
        while ((end = _pending.AsSpan().IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (!await FillAsync())
            {
                return _pending.Length == 0 ? null : throw new FormatException("The head of an answer is cut.");
            }
        }

        return Take(end + 4);
    }

    /// <summary>Waits until a text has arrived, and takes all up to its end.</summary>
    public async Task<string> ReadThroughAsync(string text)
    {
        var wanted = Encoding.Latin1.GetBytes(text);
        int at;
        while ((at = _pending.AsSpan().IndexOf(wanted)) < 0)
        {
            Assert.True(await FillAsync(), $"The connection ended before '{text}': {Encoding.Latin1.GetString(_pending)}");
        }

        return Take(at + wanted.Length);
    }

    /// <summary>Reads up to the end of the connection, whether closed or reset.</summary>
    public async Task<string> ReadToEndAsync()
    {
        while (await FillAsync())
        {
        }

        return Take(_pending.Length);
    }

    /// <summary>Closes with RST.</summary>
    public void Reset()
    {
        // The stream's own way to close says goodbye first.
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Dispose();
    }

    public void Dispose() => _client.Dispose();

    private async Task<ReceivedAnswer> ReadChunksAsync(ReceivedAnswer answer)
    {
        var body = new StringBuilder();
        while (true)
        {
            if (await ReadLineAsync() is not { } line)
            {
                return answer with { Body = body.ToString(), IsWhole = false };
            }

            var size = int.Parse(line, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (size == 0)
            {
                return await ReadTrailersAsync(answer with { Body = body.ToString() });
            }

            while (_pending.Length < size + 2 && await FillAsync())
            {
            }

            if (_pending.Length < size + 2)
            {
                return answer with { Body = body.ToString(), IsWhole = false };
            }

            var chunk = Take(size + 2);
            if (!chunk.EndsWith("\r\n", StringComparison.Ordinal))
            {
                throw new FormatException("A chunk does not end with its line.");
            }

            body.Append(chunk, 0, size);
        }
    }

    private async Task<ReceivedAnswer> ReadTrailersAsync(ReceivedAnswer answer)
    {
        var trailers = new List<string>();
        while (await ReadLineAsync() is { } line)
        {
            if (line.Length == 0)
            {
                return answer with { Trailers = trailers };
            }

            trailers.Add(line);
        }

        return answer with { Trailers = trailers, IsWhole = false };
    }

    private async Task<string?> ReadLineAsync()
    {
        int end;
        while ((end = _pending.AsSpan().IndexOf("\r\n"u8)) < 0)
        {
            if (!await FillAsync())
            {
                return null;
            }
        }

        return Take(end + 2)[..^2];
    }

    private async Task<bool> FillAsync()
    {
        using var limit = new CancellationTokenSource(Upstreams.ScriptedUpstream.Limit);
        try
        {
            var read = await _stream.ReadAsync(_buffer, limit.Token);
            _pending = [.. _pending, .. _buffer.AsSpan(0, read)];
            return read > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private string Take(int count)
    {
        var taken = Encoding.Latin1.GetString(_pending, 0, count);
        _pending = _pending[count..];
        return taken;
    }
}

/// <summary>An answer as the client has it.</summary>
/// <param name="Status">Its status; 0 if the connection ended without one.</param>
/// <param name="Fields">Its fields, in order.</param>
/// <param name="Body">What arrived of its body, without framing.</param>
/// <param name="IsWhole">Whether its framing says that it is complete.</param>
internal sealed record ReceivedAnswer(int Status, IReadOnlyList<(string Name, string Value)> Fields, string Body, bool IsWhole)
{
    /// <summary>The lines behind the last chunk.</summary>
    public IReadOnlyList<string> Trailers { get; init; } = [];

    public static ReceivedAnswer None { get; } = new(0, [], string.Empty, false);

    public string[] this[string name] =>
        [.. Fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(static field => field.Value)];

    /// <exception cref="FormatException">It is not the head of an answer.</exception>
    public static ReceivedAnswer Parse(string head)
    {
        var lines = head.Split("\r\n");
        if (!lines[0].StartsWith("HTTP/1.1 ", StringComparison.Ordinal) || !int.TryParse(lines[0].AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
        {
            throw new FormatException($"'{lines[0]}' is no status line.");
        }

        var fields = new List<(string, string)>();
        foreach (var line in lines[1..^2])
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || line[..colon].Any(static c => c is <= ' ' or >= (char)127) || line.Any(static c => c is < ' ' and not '\t' or (char)127))
            {
                throw new FormatException($"'{line}' is no field.");
            }

            fields.Add((line[..colon], line[(colon + 1)..].Trim(' ', '\t')));
        }

        var answer = new ReceivedAnswer(status, fields, string.Empty, true);
        return answer["Content-Length"].Length + answer["Transfer-Encoding"].Length > 1 ? throw new FormatException("The body is framed twice.") : answer;
    }
}
