using System.Buffers.Binary;
using Google.Protobuf;

namespace GatewayKit.OpenTelemetry;

/// <summary>Reads the few fields of a collector's messages that count (opentelemetry-proto, collector/logs/v1; google.rpc.Status and RetryInfo). They may be anybody's: what cannot be read throws.</summary>
internal static class CollectorMessages
{
    private const int FrameHeadBytes = 5;

    private static readonly uint First = WireFormat.MakeTag(1, WireFormat.WireType.LengthDelimited);
    private static readonly uint FirstNumber = WireFormat.MakeTag(1, WireFormat.WireType.Varint);
    private static readonly uint Second = WireFormat.MakeTag(2, WireFormat.WireType.LengthDelimited);
    private static readonly uint SecondNumber = WireFormat.MakeTag(2, WireFormat.WireType.Varint);
    private static readonly uint Third = WireFormat.MakeTag(3, WireFormat.WireType.LengthDelimited);

    /// <summary>How many records an <c>ExportLogsServiceResponse</c> says were refused: <c>partial_success.rejected_log_records</c>.</summary>
    /// <exception cref="InvalidProtocolBufferException">It is none.</exception>
    public static long RejectedOf(ReadOnlyMemory<byte> response)
    {
        long rejected = 0;
        Read(response.ToArray(), (tag, input) => tag == First && Read(input.ReadBytes().ToByteArray(), (field, partial) => field == FirstNumber && Set(out rejected, partial.ReadInt64())));
        return rejected;
    }

    /// <summary>The one message of an answer over gRPC; empty if there is none.</summary>
    /// <exception cref="InvalidDataException">There is something else.</exception>
    public static ReadOnlyMemory<byte> Unframe(ReadOnlyMemory<byte> body) =>
        body.IsEmpty ? body
        : body.Length >= FrameHeadBytes && body.Span[0] is 0 && BinaryPrimitives.ReadUInt32BigEndian(body.Span[1..]) == body.Length - FrameHeadBytes ? body[FrameHeadBytes..]
        : throw new InvalidDataException("no message of gRPC");

    /// <summary>The delay of the <c>RetryInfo</c> in a <c>google.rpc.Status</c>; <see langword="null"/> if it has none that can be read.</summary>
    /// <param name="details">The field <c>grpc-status-details-bin</c>: base64, perhaps without padding.</param>
    public static TimeSpan? RetryDelayOf(string details)
    {
        try
        {
            TimeSpan? delay = null;
            Read(Convert.FromBase64String(details + new string('=', (4 - (details.Length % 4)) % 4)), (tag, status) => tag == Third && ReadDetail(status.ReadBytes().ToByteArray(), ref delay));
            return delay;
        }
        catch (Exception exception) when (exception is FormatException or InvalidProtocolBufferException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    private static bool ReadDetail(byte[] any, ref TimeSpan? delay)
    {
        var (type, value) = (string.Empty, Array.Empty<byte>());
        Read(any, (tag, detail) => tag == First ? Set(out type, detail.ReadString()) : tag == Second && Set(out value, detail.ReadBytes().ToByteArray()));
        if (type.EndsWith("/google.rpc.RetryInfo", StringComparison.Ordinal))
        {
            var (seconds, nanoseconds) = (0L, 0);
            Read(value, (tag, info) => tag == First && Read(info.ReadBytes().ToByteArray(), (field, duration) =>
                field == FirstNumber ? Set(out seconds, duration.ReadInt64()) : field == SecondNumber && Set(out nanoseconds, duration.ReadInt32())));
            delay = TimeSpan.FromSeconds(seconds) + TimeSpan.FromMicroseconds(nanoseconds / 1_000);
        }

        return true;
    }

    // What no reader takes is skipped: later versions have more fields.
    private static bool Read(byte[] message, Func<uint, CodedInputStream, bool> read)
    {
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is not 0 and var tag)
        {
            if (!read(tag, input))
            {
                input.SkipLastField();
            }
        }

        return true;
    }

    private static bool Set<T>(out T field, T value)
    {
        field = value;
        return true;
    }
}
