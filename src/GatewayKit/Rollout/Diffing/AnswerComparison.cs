using System.Text.Json;

namespace GatewayKit.Rollout.Diffing;

/// <summary>Compares two answers by the rules of one mirror. Safe for concurrent use.</summary>
internal sealed class AnswerComparison(MirrorComparison rules)
{
    private const int MostDifferences = 32;
    private const int MostValues = 200_000;

    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private readonly JsonComparison _json = new(rules);

    /// <param name="main">What the client got; <see langword="null"/> if there was no answer.</param>
    /// <param name="mirror">What the mirror answered; <see langword="null"/> if it did not.</param>
    /// <param name="whyNot">Why the client's answer cannot be compared; <see langword="null"/> if it can.</param>
    public ComparisonOutcome Compare(AnswerRecord? main, AnswerRecord? mirror, string? whyNot)
    {
        if (whyNot is not null || main is null)
        {
            return ComparisonOutcome.NotCompared(whyNot ?? "no-answer");
        }

        if (mirror is null)
        {
            return ComparisonOutcome.MirrorFailed;
        }

        var differences = new DifferenceList(MostDifferences, new ComparisonWork(MostValues));
        CompareHeads(main, mirror, differences);
        var unseen = rules.Body ? CompareBodies(main, mirror, differences) : null;

        // A difference that was found is one, whatever else could not be seen.
        return differences.Found.Count > 0 ? ComparisonOutcome.Different(differences.Found)
            : unseen is not null ? ComparisonOutcome.NotCompared(unseen)
            : differences.Work.IsSpent ? ComparisonOutcome.NotCompared("too-complex")
            : ComparisonOutcome.Equal;
    }

    private void CompareHeads(AnswerRecord main, AnswerRecord mirror, DifferenceList differences)
    {
        if (main.Status != mirror.Status)
        {
            differences.Add(AnswerDifferenceKind.Status, string.Empty);
        }

        for (var i = 0; i < rules.Headers.Count; i++)
        {
            if (main.Headers[i] != mirror.Headers[i])
            {
                differences.Add(AnswerDifferenceKind.Header, rules.Headers[i]);
            }
        }

        if (mirror.Elapsed - main.Elapsed > rules.LatencyTolerance)
        {
            differences.Add(AnswerDifferenceKind.Latency, string.Empty);
        }
    }

    /// <returns>Why the bodies could not be compared; <see langword="null"/> if they were.</returns>
    private string? CompareBodies(AnswerRecord main, AnswerRecord mirror, DifferenceList differences)
    {
        if (main.IsStream || mirror.IsStream)
        {
            return "stream";
        }

        if (main.Body is not { } one || mirror.Body is not { } other)
        {
            return "body-unseen";
        }

        if (one.IsTooLarge || other.IsTooLarge)
        {
            if (one.IsTooLarge != other.IsTooLarge)
            {
                // One is larger than the limit, the other is not.
                differences.Add(AnswerDifferenceKind.Body, string.Empty);
            }

            return "body-too-large";
        }

        var (first, second) = (DecodedBody.Of(one.Bytes, main.ContentEncoding), DecodedBody.Of(other.Bytes, mirror.ContentEncoding));
        if (first.Span.SequenceEqual(second.Span))
        {
            return null;
        }

        if (!IsJson(main.ContentType) || !IsJson(mirror.ContentType) || !TryCompareJson(first, second, differences))
        {
            differences.Add(AnswerDifferenceKind.Body, string.Empty);
        }

        return null;
    }

    private bool TryCompareJson(ReadOnlyMemory<byte> main, ReadOnlyMemory<byte> mirror, DifferenceList differences)
    {
        try
        {
            using var one = JsonDocument.Parse(main, Lenient);
            using var other = JsonDocument.Parse(mirror, Lenient);
            _json.Compare(one.RootElement, other.RootElement, differences);
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Half a surrogate pair and bytes that are no UTF-8 are found out only when the text is read.
            return false;
        }
    }

    // application/json and whatever says +json (RFC 6839 §3.1).
    private static bool IsJson(string? contentType)
    {
        var type = contentType.AsSpan();
        type = (type.IndexOf(';') is var end and >= 0 ? type[..end] : type).Trim();
        return type.EndsWith("/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }
}
