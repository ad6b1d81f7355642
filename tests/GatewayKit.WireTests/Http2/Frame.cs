namespace GatewayKit.WireTests.Http2;

/// <summary>The types of RFC 9113 §6.</summary>
internal enum FrameType
{
    Data,
    Headers,
    Priority,
    RstStream,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
}

/// <summary>The codes of RFC 9113 §7.</summary>
internal enum ErrorCode
{
    NoError,
    ProtocolError,
    InternalError,
    FlowControlError,
    SettingsTimeout,
    StreamClosed,
    FrameSizeError,
    RefusedStream,
    Cancel,
    CompressionError,
    ConnectError,
    EnhanceYourCalm,
    InadequateSecurity,
    Http11Required,
}

/// <summary>A frame that was read.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Flags">Its flags, as they came.</param>
/// <param name="Stream">The stream it belongs to; 0 for the connection.</param>
/// <param name="Payload">Its bytes, one a character.</param>
internal sealed record Frame(FrameType Type, int Flags, int Stream, string Payload)
{
    /// <summary>The length of what every frame begins with.</summary>
    public const int HeadLength = 9;

    /// <summary>How long a payload may be unless the other side allows more.</summary>
    public const int MostLength = 16_384;

    public bool EndsStream => Type is FrameType.Data or FrameType.Headers && (Flags & Frames.EndStream) != 0;

    public bool EndsHeaders => (Flags & Frames.EndHeaders) != 0;

    public bool IsAcknowledgement => (Flags & Frames.Acknowledgement) != 0;

    /// <summary>The code of RST_STREAM or GOAWAY.</summary>
    public ErrorCode Code => (ErrorCode)NumberAt(Payload, Type is FrameType.GoAway ? 4 : 0);

    public static (int Length, FrameType Type, int Flags, int Stream) ReadHead(string head) =>
        ((head[0] << 16) | (head[1] << 8) | head[2], (FrameType)head[3], head[4], (int)(NumberAt(head, 5) & 0x7fff_ffff));

    public static uint NumberAt(string bytes, int at) => ((uint)bytes[at] << 24) | ((uint)bytes[at + 1] << 16) | ((uint)bytes[at + 2] << 8) | bytes[at + 3];

    public override string ToString() => $"{Type} flags 0x{Flags:x} stream {Stream} [{Clients.Latin1.Show(Payload)}]";
}

/// <summary>Writes frames, right or wrong: nothing is checked. One character is one byte.</summary>
internal static class Frames
{
    public const int EndStream = 0x1;
    public const int Acknowledgement = 0x1;
    public const int EndHeaders = 0x4;
    public const int Padded = 0x8;
    public const int WithRequestPriority = 0x20;

    /// <summary>What a client's connection begins with (RFC 9113 §3.4).</summary>
    public const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    public static string Raw(FrameType type, int flags, int stream, string payload, int? length = null) =>
        Number(length ?? payload.Length, 3) + (char)type + (char)flags + Number(stream, 4) + payload;

    /// <summary>A block of fields in one frame.</summary>
    public static string Headers(int stream, string block, bool end = false) =>
        Raw(FrameType.Headers, EndHeaders | (end ? EndStream : 0), stream, block);

    /// <summary>The first part of a block; continuations follow.</summary>
    public static string HeadersBegin(int stream, string block, bool end = false) => Raw(FrameType.Headers, end ? EndStream : 0, stream, block);

    public static string Continuation(int stream, string block, bool last = true) => Raw(FrameType.Continuation, last ? EndHeaders : 0, stream, block);

    public static string Data(int stream, string data, bool end = false) => Raw(FrameType.Data, end ? EndStream : 0, stream, data);

    public static string Reset(int stream, ErrorCode code) => Raw(FrameType.RstStream, 0, stream, Number((int)code, 4));

    public static string Settings(params ReadOnlySpan<(int Id, long Value)> settings)
    {
        var payload = string.Empty;
        foreach (var (id, value) in settings)
        {
            payload += Number(id, 2) + Number(value, 4);
        }

        return Raw(FrameType.Settings, 0, 0, payload);
    }

    public static string SettingsAcknowledgement() => Raw(FrameType.Settings, Acknowledgement, 0, string.Empty);

    public static string Ping(string opaque = "\0\0\0\0\0\0\0\0", bool isAcknowledgement = false) =>
        Raw(FrameType.Ping, isAcknowledgement ? Acknowledgement : 0, 0, opaque);

    public static string GoAway(int lastStream, ErrorCode code) => Raw(FrameType.GoAway, 0, 0, Number(lastStream, 4) + Number((int)code, 4));

    public static string WindowUpdate(int stream, long increment) => Raw(FrameType.WindowUpdate, 0, stream, Number(increment, 4));

    public static string Priority(int stream, int dependsOn, string weight = "\x10") => Raw(FrameType.Priority, 0, stream, Number(dependsOn, 4) + weight);

    public static string Number(long number, int bytes)
    {
        var text = string.Empty;
        for (var shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        {
            text += (char)((number >> shift) & 0xff);
        }

        return text;
    }
}
