using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using GatewayKit.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.WireTests.Fuzz;

/// <summary>Something that takes bytes from strangers.</summary>
internal abstract class FuzzTarget
{
    private readonly Dictionary<string, int> _seen = [];

    /// <summary>How long an input may take before it counts as one that hangs.</summary>
    public static TimeSpan Limit => TimeSpan.FromSeconds(30);

    /// <summary>What came of the inputs, and how often.</summary>
    public IReadOnlyDictionary<string, int> Seen => _seen;

    /// <summary>What the good ones among the inputs come to.</summary>
    public virtual string Good => "200";

    /// <summary>What an input may allocate apart from what its size allows.</summary>
    public virtual long MostBytes => 1_048_576;

    public abstract byte[] Make(Random random);

    /// <summary>Runs an input.</summary>
    /// <returns>What is wrong with how it was taken; <see langword="null"/> if nothing.</returns>
    public async Task<string?> RunAsync(FuzzGateway gateway, byte[] input)
    {
        string? fault;
        try
        {
            fault = await SendAsync(gateway, input).WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            fault = "It hangs.";
        }

        var (_, upstream) = gateway.Upstream.Take();
        return fault ?? FirstOf(upstream) ?? FirstOf(gateway.TakeErrors());
    }

    protected abstract Task<string?> SendAsync(FuzzGateway gateway, byte[] input);

    protected void Count(string what) => _seen[what] = _seen.GetValueOrDefault(what) + 1;

    protected static string? FirstOf(IReadOnlyList<string> faults) => faults.Count == 0 ? null : faults[0];

    /// <summary>
    /// Sends all at once, ends when the server has taken it and has had its time for it, and takes all that came back. An end that comes
    /// earlier is a client that hangs up.
    /// </summary>
    protected static async Task<byte[]> ExchangeAsync(FuzzGateway gateway, MemoryEndPoint endPoint, byte[] input)
    {
        var connection = endPoint.Connect();
        await connection.ToServer.WriteAsync(input);
        await connection.Starving;
        await gateway.IdleAsync();
        await connection.ToServer.CompleteAsync();
        while (true)
        {
            var read = await connection.FromServer.ReadAsync();
            if (read.IsCompleted)
            {
                var bytes = read.Buffer.ToArray();
                await connection.FromServer.CompleteAsync();
                return bytes;
            }

            connection.FromServer.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}

/// <summary>Requests of HTTP/1.1: each is answered, refused or cut off, and what reaches the destination is what it should be.</summary>
internal sealed class RequestTarget : FuzzTarget
{
    public override byte[] Make(Random random) => RequestGrammar.Make(random);

    protected override async Task<string?> SendAsync(FuzzGateway gateway, byte[] input)
    {
        gateway.Upstream.Answer = static _ => null;
        var answers = Answers.Parse(await ExchangeAsync(gateway, gateway.Http1, input));
        foreach (var status in answers.Statuses)
        {
            Count($"{status}");
        }

        var (requests, faults) = gateway.Upstream.Take();
        return answers.Fault
            ?? (answers.IsCut ? "An answer is cut." : null)
            ?? FirstOf(faults)
            ?? (answers.Statuses.Contains(500) ? "The status is 500." : null)
            ?? (answers.Statuses.Contains(499) ? "499 is for records." : null)
            ?? (answers.Statuses.Contains(502) || answers.Statuses.Contains(504) ? "The destination is blamed." : null)
            ?? (requests != answers.FromUpstream ? $"{requests} requests at the destination, {answers.FromUpstream} answers of it." : null);
    }
}

/// <summary>Answers of a destination: the client gets one that is whole, a refusal or a visible end; the next client gets its own.</summary>
internal sealed class ResponseTarget : FuzzTarget
{
    private static readonly byte[][] Requests =
    [
        "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(),
        "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(),
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"u8.ToArray(),
        "GET /x HTTP/1.0\r\nHost: a\r\n\r\n"u8.ToArray(),
        "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"u8.ToArray(),
    ];

    private static readonly byte[] Canary = "GET /canary HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray();

    // Which request it answers is part of the input, so that it can be replayed.
    public override byte[] Make(Random random) => [(byte)random.Next(Requests.Length + 3), .. ResponseGrammar.Make(random)];

    protected override async Task<string?> SendAsync(FuzzGateway gateway, byte[] input)
    {
        if (input.Length == 0)
        {
            return null;
        }

        gateway.Upstream.Answer = request => request.Target is "/canary" ? null : input[1..];
        var request = Requests[input[0] < Requests.Length ? input[0] : 0];
        var output = await ExchangeAsync(gateway, gateway.Http1, request);
        var answers = Answers.Parse(output);
        Count(answers.IsCut ? "cut" : answers.Statuses.Count == 0 ? "ended" : string.Join(',', answers.Statuses));
        var canary = Answers.Parse(await ExchangeAsync(gateway, gateway.Http1, Canary));
        return answers.Fault
            ?? (answers.Statuses.Count > 1 ? "There are two answers." : null)
            ?? (answers.Statuses.Contains(500) && Encoding.Latin1.GetString(output).Contains("urn:gatewaykit:problem:", StringComparison.Ordinal) ? "The status is 500." : null)
            ?? (canary is { IsCut: false, Fault: null, Statuses: [200], FromUpstream: 1 } ? null : $"The next client gets {string.Join(',', canary.Statuses)} {canary.Fault}.");
    }
}

/// <summary>Frames of HTTP/2, towards a destination that speaks HTTP/1.1.</summary>
internal sealed class FrameTarget : FuzzTarget
{
    private const byte Headers = 1;

    // Entries 8 and 14 of the static table (RFC 7541, appendix A).
    private const byte Status200 = 0x88;
    private const byte Status500 = 0x8E;

    public override byte[] Make(Random random) => FrameGrammar.Make(random);

    protected override async Task<string?> SendAsync(FuzzGateway gateway, byte[] input)
    {
        gateway.Upstream.Answer = static _ => null;
        var output = await ExchangeAsync(gateway, gateway.Http2, input);
        if (output.AsSpan().StartsWith("HTTP/1.1 400 "u8))
        {
            // What comes in the words of HTTP/1.1 is answered in them.
            Count("HTTP/1.1");
            return null;
        }

        for (var rest = output.AsMemory(); rest.Length > 0;)
        {
            var length = rest.Length < 9 ? int.MaxValue : (int)(BinaryPrimitives.ReadUInt32BigEndian(rest.Span) >> 8);
            if (length > 16_384 || rest.Length < 9 + length)
            {
                return "The server sent what is no frame.";
            }

            var type = rest.Span[3];
            var payload = rest.Span.Slice(9, length);
            Count($"frame {type}");
            if (type is Headers && StatusOf(payload) is var status)
            {
                Count($"status {status:X2}");
                if (status is Status500)
                {
                    return "The status is 500.";
                }
            }

            rest = rest[(9 + length)..];
        }

        return null;
    }

    public override string Good => $"status {Status200:X2}";

    // Behind updates of the table's size.
    private static byte StatusOf(ReadOnlySpan<byte> block)
    {
        while (block.Length > 0 && (block[0] & 0xE0) == 0x20)
        {
            block = block[1..];
        }

        return block.Length > 0 ? block[0] : (byte)0;
    }
}

/// <summary>Configuration documents: each is taken or refused with errors that name their place; nothing throws.</summary>
internal sealed class DocumentTarget : FuzzTarget
{
    // An operator's document is taken apart for the sake of good errors: every unknown key is compared with all known ones.
    public override long MostBytes => 16 * base.MostBytes;

    public override string Good => "refused";

    public override byte[] Make(Random random) => DocumentGrammar.Make(random);

    protected override Task<string?> SendAsync(FuzzGateway gateway, byte[] input)
    {
        IConfigurationRoot configuration;
        try
        {
            configuration = new ConfigurationBuilder().AddJsonStream(new MemoryStream(input)).Build();
        }
        catch (Exception exception) when (exception is FormatException or InvalidDataException or System.Text.Json.JsonException or ArgumentException or InvalidOperationException)
        {
            // The framework's reader has refused it.
            Count("no JSON");
            return Task.FromResult<string?>(null);
        }

        try
        {
            var errors = gateway.Services.GetRequiredService<GatewayConfigurator>().Validate(configuration.GetSection("Gateway"));
            Count(errors.Count == 0 ? "valid" : "refused");
            return Task.FromResult(errors.Any(static error => error.Path.Length == 0 || error.Message.Length == 0) ? "An error says nothing." : null);
        }
        catch (Exception exception)
        {
            return Task.FromResult<string?>($"It throws: {exception}");
        }
    }
}

/// <summary>What a client of HTTP/1.1 got, read strictly.</summary>
internal sealed record Answers(IReadOnlyList<int> Statuses, int FromUpstream, bool IsCut, string? Fault)
{
    public static Answers Parse(byte[] output)
    {
        var text = Encoding.Latin1.GetString(output);
        var (statuses, fromUpstream, at) = (new List<int>(), 0, 0);
        while (at < text.Length)
        {
            // What looks like the preface of HTTP/2 is told in HTTP/2 that this is not the place.
            if (text.AsSpan(at).StartsWith("\0\0\x08\x07"))
            {
                return new(statuses, fromUpstream, false, null);
            }

            var end = text.IndexOf("\r\n\r\n", at, StringComparison.Ordinal);
            if (end < 0 || !text.AsSpan(at).StartsWith("HTTP/1.1 ") || !int.TryParse(text.AsSpan(at + 9, 3), out var status))
            {
                return new(statuses, fromUpstream, end < 0, end < 0 && at > 0 ? null : $"What comes is no answer: {Clients.Latin1.Show(text[at..Math.Min(text.Length, at + 80)])}");
            }

            var lines = text[at..end].Split("\r\n")[1..];
            if (lines.FirstOrDefault(static line => line.IndexOf(':', StringComparison.Ordinal) <= 0 || line.Any(static c => c is < ' ' and not '\t' or '\x7F')) is { } bad)
            {
                return new(statuses, fromUpstream, false, $"A line of the head is '{Clients.Latin1.Show(bad)}'.");
            }

            at = end + 4;
            if (status == 100)
            {
                continue;
            }

            statuses.Add(status);
            fromUpstream += lines.Any(static line => line.StartsWith("X-Upstream:", StringComparison.OrdinalIgnoreCase)) ? 1 : 0;
            if (status == 101)
            {
                return new(statuses, fromUpstream, false, null);
            }

            if (!TrySkipBody(text, lines, ref at))
            {
                return new(statuses, fromUpstream, true, null);
            }
        }

        return new(statuses, fromUpstream, false, null);
    }

    // An answer to HEAD has the length and not the body: the next answer or the end follows.
    private static bool TrySkipBody(string text, string[] lines, ref int at)
    {
        if (at == text.Length)
        {
            return true;
        }

        if (lines.Any(static line => line.Equals("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase)))
        {
            return IsAnswer(text, at) || TrySkipChunks(text, ref at);
        }

        if (lines.FirstOrDefault(static line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase)) is not { } line)
        {
            // To a client of HTTP/1.0 the body ends where the connection does.
            at = IsAnswer(text, at) && !lines.Contains("Connection: close", StringComparer.OrdinalIgnoreCase) ? at : text.Length;
            return true;
        }

        var end = at + long.Parse(line.AsSpan(16), provider: null);
        if (end == text.Length || (end < text.Length && IsAnswer(text, (int)end)))
        {
            at = (int)end;
            return true;
        }

        return IsAnswer(text, at);
    }

    private static bool IsAnswer(string text, int at) => text.AsSpan(at).StartsWith("HTTP/1.1 ");

    private static bool TrySkipChunks(string text, ref int at)
    {
        while (true)
        {
            var end = text.IndexOf("\r\n", at, StringComparison.Ordinal);
            if (end < 0 || !int.TryParse(text.AsSpan(at, end - at), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var size) || end + 4 + size > text.Length)
            {
                return false;
            }

            if (size == 0)
            {
                at = end + 2;
                return TrySkipTrailers(text, ref at);
            }

            at = end + 4 + size;
        }
    }

    private static bool TrySkipTrailers(string text, ref int at)
    {
        while (true)
        {
            var end = text.IndexOf("\r\n", at, StringComparison.Ordinal);
            var line = end < 0 ? string.Empty : text[at..end];
            if (end < 0 || (line.Length > 0 && (line.IndexOf(':', StringComparison.Ordinal) <= 0 || line.Any(static c => c is < ' ' and not '\t'))))
            {
                return false;
            }

            at = end + 2;
            if (line.Length == 0)
            {
                return true;
            }
        }
    }
}
