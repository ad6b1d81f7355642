using GatewayKit.WireTests.Clients;
using GatewayKit.WireTests.Hosting;

namespace GatewayKit.WireTests.Http2;

/// <summary>A client made of frames. It acknowledges nothing and opens no window by itself: each frame that is sent is in the test.</summary>
internal sealed class Http2Client : IDisposable
{
    private readonly ScriptedClient _client;
    private readonly FrameReader _reader;

    private Http2Client(ScriptedClient client)
    {
        _client = client;
        _reader = new(client.TakeAsync);
    }

    /// <summary>The connection below.</summary>
    public ScriptedClient Connection => _client;

    public FrameReader Received => _reader;

    /// <summary>The fields of a request, in the order of most clients.</summary>
    public static string Get(string path) => Request("GET", path);

    public static string Post(string path, params ReadOnlySpan<(string Name, string Value)> fields) => Request("POST", path, fields);

    public static string Request(string method, string path, params ReadOnlySpan<(string Name, string Value)> fields) =>
        Hpack.Block((":method", method), (":scheme", "http"), (":path", path), (":authority", "wire.example")) + Hpack.Block(fields);

    /// <summary>Connects and says nothing yet.</summary>
    public static async Task<Http2Client> ConnectSilentlyAsync(WireGateway gateway) => new(await ScriptedClient.ConnectAsync(gateway));

    /// <summary>Connects, with the preface and settings.</summary>
    public static async Task<Http2Client> ConnectAsync(WireGateway gateway, params (int Id, long Value)[] settings)
    {
        var client = await ConnectSilentlyAsync(gateway);
        await client.SendAsync(Frames.Preface + Frames.Settings(settings));
        return client;
    }

    public Task<bool> SendAsync(string frames) => _client.SendAsync(frames);

    public Task SendAsync(string frames, Segmentation segmentation) => _client.SendAsync(frames, segmentation);

    /// <summary>Reads up to a frame for which the condition holds.</summary>
    public async Task<Frame> TakeAsync(Func<Frame, bool> until)
    {
        while (true)
        {
            var frame = await _reader.ReadAsync();
            if (until(frame))
            {
                return frame;
            }
        }
    }

    /// <summary>Reads until a stream is over: complete, or reset.</summary>
    /// <exception cref="EndOfStreamException">The connection ended before.</exception>
    public async Task<Message> TakeAnswerAsync(int stream)
    {
        while (!_reader[stream].IsOver)
        {
            await _reader.ReadAsync();
        }

        return _reader[stream];
    }

    /// <summary>Reads until so much of the answer is there.</summary>
    public async Task<Message> TakeDataAsync(int stream, int count)
    {
        while (_reader[stream].Data.Length < count)
        {
            await _reader.ReadAsync();
        }

        return _reader[stream];
    }

    /// <summary>Reads until a stream is reset, complete or not.</summary>
    public async Task<ErrorCode> TakeResetAsync(int stream)
    {
        while (_reader[stream].ResetCode is null)
        {
            await _reader.ReadAsync();
        }

        return _reader[stream].ResetCode!.Value;
    }

    /// <summary>Reads to the end of the connection.</summary>
    /// <returns>The code of the GOAWAY before; <see langword="null"/> if there was none.</returns>
    public async Task<ErrorCode?> TakeEndAsync()
    {
        try
        {
            while (true)
            {
                await _reader.ReadAsync();
            }
        }
        catch (EndOfStreamException)
        {
            return _reader.GoAway?.Code;
        }
    }

    /// <summary>Sends a request of fields only and reads its answer.</summary>
    public async Task<Message> AskAsync(int stream, string block)
    {
        await SendAsync(Frames.Headers(stream, block, end: true));
        return await TakeAnswerAsync(stream);
    }

    public void Dispose() => _client.Dispose();
}
