using GatewayKit.Forwarding;
using GatewayKit.Forwarding.Attempts;
using GatewayKit.Rollout.Mirroring;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Rollout.Diffing;

/// <summary>What is kept of an answer to be compared.</summary>
internal sealed record AnswerRecord
{
    public required int Status { get; init; }

    /// <summary>The values of the fields that are compared, in their order; <see langword="null"/> for one that is absent.</summary>
    public required string?[] Headers { get; init; }

    public string? ContentType { get; init; }

    public string? ContentEncoding { get; init; }

    /// <summary>From the request to the head.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Whether it has no end that anybody waits for.</summary>
    public bool IsStream { get; init; }

    /// <summary>What came of the body; <see langword="null"/> if nobody looked.</summary>
    public BodyCapture? Body { get; init; }

    public static AnswerRecord Of(HttpResponseMessage answer, MirrorComparison? compare, TimeSpan elapsed) => new()
    {
        Status = (int)answer.StatusCode,
        Headers = compare is null ? [] : [.. compare.Headers.Select(name => Field(answer, name))],
        ContentType = Field(answer, "Content-Type"),
        ContentEncoding = Field(answer, "Content-Encoding"),
        Elapsed = elapsed,
        IsStream = AttemptOutcomes.IsStream(answer, isGrpc: false),
    };

    public static AnswerRecord Of(HttpResponse response, MirrorComparison compare, TimeSpan elapsed) => new()
    {
        Status = response.StatusCode,
        Headers = [.. compare.Headers.Select(name => response.Headers.TryGetValue(name, out var values) ? values.ToString() : null)],
        ContentType = response.ContentType,
        ContentEncoding = response.Headers.ContentEncoding,
        Elapsed = elapsed,
        IsStream = response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) is true,
    };

    private static string? Field(HttpResponseMessage answer, string name) =>
        answer.Headers.NonValidated.TryGetValues(name, out var values) || answer.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? ResponseHead.ToStringValues(values).ToString()
            : null;
}
