using GatewayKit.WireTests.Clients;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Http2;

/// <summary>The destination's end of an HTTP/2 connection, frame by frame.</summary>
internal sealed class Http2UpstreamConnection
{
    private readonly UpstreamConnection _connection;
    private readonly FrameReader _reader;
    private int _lastTaken;

    private Http2UpstreamConnection(UpstreamConnection connection)
    {
        _connection = connection;
        _reader = new(async count => Latin1.Text(await connection.TakeAsync(count)));
    }

    /// <summary>Which connection it is, from 1.</summary>
    public int Number => _connection.Number;

    public FrameReader Received => _reader;

    /// <summary>Runs a script on each connection, behind the preface and the settings of both sides.</summary>
    public static ScriptedUpstream Start(Func<Http2UpstreamConnection, Task> script, params (int Id, long Value)[] settings) => ScriptedUpstream.Start(async connection =>
    {
        Assert.Equal(Frames.Preface, Latin1.Text(await connection.TakeAsync(Frames.Preface.Length)));
        var speaking = new Http2UpstreamConnection(connection);
        await speaking.SendAsync(Frames.Settings(settings));
        await speaking.TakeAsync(static frame => frame is { Type: FrameType.Settings, IsAcknowledgement: false });
        await speaking.SendAsync(Frames.SettingsAcknowledgement());
        await script(speaking);
    });

    public Task SendAsync(string frames) => _connection.SendAsync(frames);

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

    /// <summary>Reads up to the head of the next request.</summary>
    public async Task<Message> TakeRequestHeadAsync()
    {
        while (true)
        {
            if (_reader.Messages.FirstOrDefault(message => message.Head.Count > 0 && message.Stream > _lastTaken) is { } request)
            {
                _lastTaken = request.Stream;
                return request;
            }

            await _reader.ReadAsync();
        }
    }

    /// <summary>Reads until the request on a stream is complete.</summary>
    public async Task<Message> TakeRequestAsync()
    {
        var request = await TakeRequestHeadAsync();
        while (!request.IsOver)
        {
            await _reader.ReadAsync();
        }

        return request;
    }

    /// <summary>Answers with fields and data, and ends the stream.</summary>
    public Task AnswerAsync(int stream, string data, params (string Name, string Value)[] fields) => SendAsync(
        Frames.Headers(stream, Hpack.Block((":status", "200")) + Hpack.Block(fields))
        + string.Concat(data.Chunk(Frame.MostLength).Select(part => Frames.Data(stream, new(part)))) + Frames.Data(stream, string.Empty, end: true));

    /// <summary>Reads whatever comes until the gateway closes.</summary>
    public Task ReadToEndAsync() => _connection.ReadToEndAsync();

    /// <summary>Closes with RST.</summary>
    public void Abort() => _connection.Reset();
}
