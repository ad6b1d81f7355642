namespace GatewayKit.WireTests.Http2;

/// <summary>
/// Puts the frames of one direction of a connection together: which stream got which fields, which data, how it ended. It reads strictly; what
/// breaks RFC 9113 is a <see cref="FormatException"/>.
/// </summary>
/// <param name="take">Waits for so many bytes.</param>
internal sealed class FrameReader(Func<int, Task<string>> take)
{
    private readonly Dictionary<int, Message> _messages = [];
    private readonly List<Frame> _frames = [];
    private readonly HpackReader _fields = new();

    /// <summary>Every frame so far.</summary>
    public IReadOnlyList<Frame> All => _frames;

    /// <summary>What has come on each stream, oldest first.</summary>
    public IEnumerable<Message> Messages => _messages.Values.OrderBy(static message => message.Stream);

    /// <summary>The last GOAWAY; <see langword="null"/> if there was none.</summary>
    public Frame? GoAway { get; private set; }

    /// <summary>What has come on a stream so far.</summary>
    public Message this[int stream] => _messages.TryGetValue(stream, out var message) ? message : _messages[stream] = new(stream);

    /// <summary>Reads a frame, with its continuations if it begins a block.</summary>
    public async Task<Frame> ReadAsync()
    {
        var frame = await ReadOneAsync();
        if (frame.Type is FrameType.Headers or FrameType.PushPromise)
        {
            var block = frame.Payload;
            while (!_frames[^1].EndsHeaders)
            {
                var next = await ReadOneAsync();
                if (next.Type is not FrameType.Continuation || next.Stream != frame.Stream)
                {
                    throw new FormatException($"A block was interrupted by {next}.");
                }

                block += next.Payload;
            }

            frame = frame with { Payload = block };
        }

        switch (frame.Type)
        {
            case FrameType.GoAway:
                GoAway = frame;
                break;
            case FrameType.Headers:
                this[frame.Stream].Add(_fields.Read(frame.Payload), frame.EndsStream);
                break;
            case FrameType.Data:
                this[frame.Stream].Add(frame.Payload, frame.EndsStream);
                break;
            case FrameType.RstStream:
                this[frame.Stream].Reset(frame.Code);
                break;
        }

        return frame;
    }

    private async Task<Frame> ReadOneAsync()
    {
        var (length, type, flags, stream) = Frame.ReadHead(await take(Frame.HeadLength));
        var frame = new Frame(type, flags, stream, length == 0 ? string.Empty : await take(length));
        if (type is FrameType.Headers or FrameType.Data && (flags & (Frames.Padded | Frames.WithRequestPriority)) != 0)
        {
            throw new FormatException($"Neither side pads or prioritises: {frame}");
        }

        _frames.Add(frame);
        return frame;
    }
}

/// <summary>What one side said on one stream.</summary>
internal sealed class Message(int stream)
{
    private readonly List<(string Name, string Value)> _head = [];
    private readonly List<(string Name, string Value)> _trailers = [];
    private readonly System.Text.StringBuilder _data = new();

    public int Stream => stream;

    public IReadOnlyList<(string Name, string Value)> Head => _head;

    public IReadOnlyList<(string Name, string Value)> Trailers => _trailers;

    public string Data => _data.ToString();

    /// <summary>Whether there was a DATA frame, be it an empty one.</summary>
    public bool HasData { get; private set; }

    /// <summary>Whether it is complete: END_STREAM came.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Whether the head was all: one block that ends the stream.</summary>
    public bool IsHeadOnly => IsComplete && !HasData && _trailers.Count == 0;

    /// <summary>The code of RST_STREAM; <see langword="null"/> if there was none.</summary>
    public ErrorCode? ResetCode { get; private set; }

    public bool IsOver => IsComplete || ResetCode is not null;

    public int Status => int.Parse(this[":status"]!, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The value of a field of the head that is there at most once.</summary>
    public string? this[string name] => ValueOf(_head, name);

    public string? Trailer(string name) => ValueOf(_trailers, name);

    public void Add(IReadOnlyList<(string Name, string Value)> fields, bool ends)
    {
        if (_head.Count > 0 && _head[0] is (":status", ['1', ..]))
        {
            // An interim answer is none.
            _head.Clear();
        }

        (_head.Count == 0 ? _head : _trailers).AddRange(fields);
        IsComplete |= ends;
    }

    public void Add(string data, bool ends)
    {
        HasData = true;
        _data.Append(data);
        IsComplete |= ends;
    }

    public void Reset(ErrorCode code) => ResetCode = code;

    public override string ToString() =>
        $"stream {stream}: {string.Join(", ", _head)} [{Clients.Latin1.Show(Data)}] {string.Join(", ", _trailers)} {(IsComplete ? "complete" : "open")} {ResetCode}";

    private static string? ValueOf(IEnumerable<(string Name, string Value)> fields, string name)
    {
        var values = fields.Where(field => field.Name == name).Select(static field => field.Value).ToArray();
        return values.Length switch
        {
            0 => null,
            1 => values[0],
            _ => throw new FormatException($"{name} is there {values.Length} times: {string.Join(" | ", values)}"),
        };
    }
}
