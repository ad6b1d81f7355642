using System.Buffers;
using System.Globalization;
using System.Text;

namespace GatewayKit.WireTests.Upstreams;

/// <summary>A request as a destination must be able to read it: every leniency of RFC 9112 is an error here.</summary>
internal sealed class RecordedRequest
{
    private const int MaxBody = 256 * 1_024 * 1_024;

    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private readonly List<(string Name, string Value)> _fields = [];
    private readonly ArrayBufferWriter<byte> _raw = new();
    private readonly ArrayBufferWriter<byte> _body = new();

    private RecordedRequest(int connection) => Connection = connection;

    /// <summary>The number of the connection it came on, from 1.</summary>
    public int Connection { get; }

    public string Method { get; private init; } = string.Empty;

    public string Target { get; private init; } = string.Empty;

    /// <summary>The fields as they came, in order.</summary>
    public IReadOnlyList<(string Name, string Value)> Fields => _fields;

    /// <summary>What <c>Content-Length</c> says; <see langword="null"/> without one.</summary>
    public int? Length { get; private set; }

    public bool IsChunked { get; private set; }

    /// <summary>The exact bytes, framing included.</summary>
    public byte[] Raw => _raw.WrittenSpan.ToArray();

    /// <summary>The body without its framing.</summary>
    public byte[] Body => _body.WrittenSpan.ToArray();

    /// <summary>The values of a field, in order; empty if it is not there.</summary>
    public string[] this[string name] =>
        [.. _fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(static field => field.Value)];

    /// <exception cref="FormatException">It is not the head of a request.</exception>
    public static RecordedRequest Parse(byte[] head, int connection)
    {
        var text = Encoding.Latin1.GetString(head);
        var lines = text.Split("\r\n");
        var parts = lines[0].Split(' ');
        Check(parts is [_, _, "HTTP/1.1"], $"The request line is '{lines[0]}'.");
        Check(IsToken(parts[0]) && parts[1].Length > 0 && parts[1].All(static c => c is > ' ' and < (char)127), $"The request line is '{lines[0]}'.");
        Check(text.IndexOf('\0', StringComparison.Ordinal) < 0, "There is a NUL in the head.");
        var request = new RecordedRequest(connection) { Method = parts[0], Target = parts[1] };
        foreach (var line in lines[1..^2])
        {
            request.Add(line);
        }

        request._raw.Write(head);
        request.CheckFraming();
        return request;
    }

    /// <summary>Takes a body of known length.</summary>
    public void Append(byte[] body)
    {
        _raw.Write(body);
        _body.Write(body);
    }

    /// <returns>The size of the chunk that follows.</returns>
    public int AppendChunkSize(byte[] line)
    {
        _raw.Write(line);
        var text = Encoding.Latin1.GetString(line)[..^2];
        Check(int.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) && size is >= 0 and <= MaxBody, $"A chunk has the size '{text}'.");
        return size;
    }

    /// <summary>Takes the data of a chunk and its line end.</summary>
    public void AppendChunk(byte[] data)
    {
        Check(data is [.., (byte)'\r', (byte)'\n'], "A chunk does not end with its line.");
        _raw.Write(data);
        _body.Write(data.AsSpan(0, data.Length - 2));
    }

    /// <summary>Takes what follows the last chunk. The gateway forwards no trailers of requests, so that is one empty line.</summary>
    public void AppendTrailers(byte[] line)
    {
        Check(line.Length == 2, "There are trailers.");
        _raw.Write(line);
    }

    public override string ToString() => Encoding.Latin1.GetString(Raw);

    private static void Check([System.Diagnostics.CodeAnalysis.DoesNotReturnIf(false)] bool holds, string fault)
    {
        if (!holds)
        {
            throw new FormatException(fault);
        }
    }

    private static bool IsToken(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(Token);

    private void Add(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        Check(colon > 0 && IsToken(line[..colon]), $"'{line}' is no field.");
        var value = line[(colon + 1)..].Trim(' ', '\t');
        Check(!value.Any(static c => c is < ' ' and not '\t' or (char)127), $"'{line}' holds a control character.");
        _fields.Add((line[..colon], value));
    }

    private void CheckFraming()
    {
        Check(this["Host"].Length == 1, "There is not exactly one Host.");
        var (lengths, codings) = (this["Content-Length"], this["Transfer-Encoding"]);
        Check(lengths.Length + codings.Length <= 1, "The body is framed twice.");
        Check(codings is [] or ["chunked"], "The coding is not 'chunked'.");
        IsChunked = codings.Length > 0;
        if (lengths.Length > 0)
        {
            Check(int.TryParse(lengths[0], NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length <= MaxBody, $"The length is '{lengths[0]}'.");
            Length = length;
        }
    }
}
