using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text;

namespace GatewayKit.Clusters.Health;

/// <summary>
/// The health protocol of gRPC (<c>grpc.health.v1</c>), as far as one question takes it: a string goes out and an enumeration comes back, which is no
/// reason to depend on a library.
/// </summary>
internal static class GrpcHealth
{
    public const string Path = "/grpc.health.v1.Health/Check";

    private const int PrefixLength = 5;
    private const ulong Serving = 1;

    // Field 1 as a string, and as a number (Protocol Buffers, Encoding).
    private const byte ServiceTag = 0x0A;
    private const byte StatusTag = 0x08;

    /// <summary>Writes the question: <c>HealthCheckRequest { service }</c>.</summary>
    public static void Write(HttpRequestMessage message, string? service)
    {
        var name = Encoding.UTF8.GetBytes(service ?? string.Empty);
        using var body = new MemoryStream();
        body.Write(new byte[PrefixLength]);
        if (name.Length > 0)
        {
            body.WriteByte(ServiceTag);
            for (var left = name.Length; ; left >>= 7)
            {
                body.WriteByte((byte)(left > 0x7F ? left | 0x80 : left));
                if (left <= 0x7F)
                {
                    break;
                }
            }

            body.Write(name);
        }

        var bytes = body.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), bytes.Length - PrefixLength);
        message.Content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } };
        message.Headers.TryAddWithoutValidation("TE", "trailers");
    }

    /// <summary>Whether an answer, read to its end, says that the service serves.</summary>
    public static bool IsServing(HttpResponseMessage answer, ReadOnlySpan<byte> body) =>
        answer.IsSuccessStatusCode && StatusOf(answer) == "0"
        && body.Length >= PrefixLength && body[0] == 0 && BinaryPrimitives.ReadUInt32BigEndian(body[1..]) == body.Length - PrefixLength
        && ReadStatus(body[PrefixLength..]) == Serving;

    private static string? StatusOf(HttpResponseMessage answer) =>
        answer.TrailingHeaders.NonValidated.TryGetValues("grpc-status", out var trailer) ? trailer.ToString()
        : answer.Headers.NonValidated.TryGetValues("grpc-status", out var header) ? header.ToString()
        : null;

    // The field may be missing, which is 0: UNKNOWN. Whatever else is in the message is none of ours.
    private static ulong ReadStatus(ReadOnlySpan<byte> message)
    {
        if (message.IsEmpty || message[0] != StatusTag)
        {
            return 0;
        }

        var status = 0UL;
        for (var i = 1; i < message.Length && i <= 10; i++)
        {
            status |= (ulong)(message[i] & 0x7F) << (7 * (i - 1));
            if (message[i] <= 0x7F)
            {
                return status;
            }
        }

        return 0;
    }
}
