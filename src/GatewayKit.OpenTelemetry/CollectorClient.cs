using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using GatewayKit.Secrets;
using Google.Protobuf;

namespace GatewayKit.OpenTelemetry;

/// <summary>Sends requests to a collector and reads what it answers, over HTTP and gRPC (OTLP 1.x, "OTLP/HTTP Response" and "OTLP/gRPC Response"). Safe for concurrent use.</summary>
/// <param name="options">Where to.</param>
/// <param name="headers">What is sent along.</param>
/// <param name="time">The clock.</param>
internal sealed class CollectorClient(OtlpAuditOptions options, IReadOnlyList<KeyValuePair<string, Secret>> headers, TimeProvider time) : IDisposable
{
    // An answer has a number and a sentence.
    private const int MostAnswerBytes = 64 * 1024;
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    // The loop around it waits, tries again and stops in time. A redirect would take the headers elsewhere.
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        PooledConnectionLifetime = ConnectionLifetime,
        SslOptions = options.Tls ?? new(),
    });

    /// <summary>Sends a request.</summary>
    /// <exception cref="HttpRequestException">There was no answer, or none in time.</exception>
    /// <exception cref="InvalidOperationException">A secret cannot be read, or is no value of a header.</exception>
    public async Task<CollectorAnswer> SendAsync(LogRequest request, CancellationToken cancellationToken)
    {
        using var content = new ReadOnlyMemoryContent(request.Body);
        using var message = new HttpRequestMessage(HttpMethod.Post, options.Target) { Content = content };
        if (options.IsGrpc)
        {
            (message.Version, message.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        }

        foreach (var (name, values) in request.Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, values))
            {
                content.Headers.TryAddWithoutValidation(name, values);
            }
        }

        foreach (var (name, secret) in headers)
        {
            message.Headers.Remove(name);
            message.Headers.TryAddWithoutValidation(name, ValueOf(secret));
        }

        using var answer = await _client.SendAsync(message, cancellationToken).ConfigureAwait(false);
        var body = await ReadAsync(answer.Content, cancellationToken).ConfigureAwait(false);
        return answer.IsSuccessStatusCode ? options.IsGrpc ? OfGrpc(answer, body) : OfHttp(answer, body) : OfStatus(answer);
    }

    public void Dispose() => _client.Dispose();

    // Neither the value nor an exception that quotes it gets into a log.
    private static string ValueOf(Secret secret) =>
        secret.Value is not { } value ? throw new InvalidOperationException($"There is nothing at '{secret}'.")
        : value.Any(static c => c is < ' ' or > '~') ? throw new InvalidOperationException($"What is at '{secret}' is no value of a header: it has line ends or other characters than those of ASCII.")
        : value;

    // To its end: trailers come behind it. null: it is longer than any answer.
    private static async Task<byte[]?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        using var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var buffer = new byte[MostAnswerBytes + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return length > MostAnswerBytes ? null : buffer[..length];
    }

    private static CollectorAnswer OfHttp(HttpResponseMessage answer, byte[]? body) =>
        body is [] || IsOf(answer, "application/x-protobuf")
            ? Taken(body, Reason(answer), static body => body)
            : new(CollectorVerdict.Unfit, $"{Reason(answer)}, and an answer that is not a collector's");

    private static CollectorAnswer OfGrpc(HttpResponseMessage answer, byte[]? body)
    {
        // Where nothing but a status comes it is in front.
        if (!IsOf(answer, "application/grpc") || (Field(answer, "grpc-status") is not { } text) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var status))
        {
            return new(CollectorVerdict.Unfit, "no answer of gRPC");
        }

        var reason = string.Create(CultureInfo.InvariantCulture, $"gRPC status {status}");
        var delay = Field(answer, "grpc-status-details-bin") is { } details ? CollectorMessages.RetryDelayOf(details) : null;
        return status switch
        {
            GrpcStatus.Ok => Taken(body, reason, CollectorMessages.Unframe),
            GrpcStatus.ResourceExhausted when delay is null => new(CollectorVerdict.Exhausted, reason),
            GrpcStatus.Cancelled or GrpcStatus.DeadlineExceeded or GrpcStatus.ResourceExhausted or GrpcStatus.Aborted or GrpcStatus.OutOfRange or GrpcStatus.Unavailable or GrpcStatus.DataLoss =>
                new(CollectorVerdict.Busy, reason) { RetryAfter = delay },
            GrpcStatus.InvalidArgument => new(CollectorVerdict.Refused, reason),
            _ => new(CollectorVerdict.Unfit, reason),
        };
    }

    private CollectorAnswer OfStatus(HttpResponseMessage answer) => answer.StatusCode switch
    {
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout =>
            new(CollectorVerdict.Busy, Reason(answer)) { RetryAfter = WishOf(answer) },
        HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity when !options.IsGrpc => new(CollectorVerdict.Refused, Reason(answer)),
        _ => new(CollectorVerdict.Unfit, Reason(answer)),
    };

    private static CollectorAnswer Taken(byte[]? body, string reason, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> message)
    {
        try
        {
            if (body is not null)
            {
                return new(CollectorVerdict.Taken, reason) { Rejected = CollectorMessages.RejectedOf(message(body)) };
            }
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidDataException)
        {
            // Somebody else's, or cut off.
        }

        return new(CollectorVerdict.Unfit, $"{reason}, and an answer that cannot be read");
    }

    private TimeSpan? WishOf(HttpResponseMessage answer) =>
        answer.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
            _ => null,
        };

    private static bool IsOf(HttpResponseMessage answer, string type) => answer.Content.Headers.ContentType?.MediaType?.StartsWith(type, StringComparison.OrdinalIgnoreCase) is true;

    private static string Reason(HttpResponseMessage answer) => string.Create(CultureInfo.InvariantCulture, $"status {(int)answer.StatusCode}");

    private static string? Field(HttpResponseMessage answer, string name) => First(answer.TrailingHeaders, name) ?? First(answer.Headers, name);

    private static string? First(HttpHeaders fields, string name) => fields.NonValidated.TryGetValues(name, out var values) ? values.First() : null;

    // grpc.io, "Status codes and their use in gRPC".
    private static class GrpcStatus
    {
        public const int Ok = 0;
        public const int Cancelled = 1;
        public const int InvalidArgument = 3;
        public const int DeadlineExceeded = 4;
        public const int ResourceExhausted = 8;
        public const int Aborted = 10;
        public const int OutOfRange = 11;
        public const int Unavailable = 14;
        public const int DataLoss = 15;
    }
}
