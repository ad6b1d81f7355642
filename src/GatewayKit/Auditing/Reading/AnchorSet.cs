using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>Checkpoints that were kept elsewhere, by what they are about. Not thread-safe.</summary>
internal sealed class AnchorSet
{
    private readonly Dictionary<(string Instance, Guid Boot), SortedDictionary<int, List<SignedWord>>> _bySegment = [];

    /// <summary>Those that were not met yet.</summary>
    public IEnumerable<SignedWord> Left => _bySegment.Values.SelectMany(static boot => boot.Values).SelectMany(static words => words);

    /// <summary>Reads files of checkpoints, one a line. Those with wrong signatures are found, and do not count.</summary>
    public static async Task<AnchorSet> ReadAsync(IEnumerable<string> files, SignatureCheck signatures, Findings findings, CancellationToken cancellationToken)
    {
        var (set, unknown) = (new AnchorSet(), new UnknownKeys(findings, "anchor"));
        foreach (var path in files)
        {
            var file = SegmentFiles.OpenFile(path);
            await using (file.ConfigureAwait(false))
            {
                var (lines, isEnd) = (new LineReader(file), false);
                while (!isEnd)
                {
                    isEnd = !await lines.FillAsync(cancellationToken).ConfigureAwait(false);
                    while (lines.TryRead(out var line))
                    {
                        set.Add(line.TrimEnd((byte)'\r'), new(path, lines.Number, lines.Offset), signatures, findings, unknown);
                    }
                }

                // Whoever copies a line need not copy its end.
                set.Add(lines.Rest, new(path, lines.Number + 1, lines.NextOffset), signatures, findings, unknown);
            }
        }

        unknown.Tell();
        return set;
    }

    /// <summary>Takes those of a segment, by number.</summary>
    public IReadOnlyList<SignedWord> Take(string instance, Guid boot, int segment) =>
        _bySegment.TryGetValue((instance, boot), out var segments) && segments.Remove(segment, out var words) ? InOrder(words) : [];

    /// <summary>Takes those of a boot that are left.</summary>
    public IReadOnlyList<SignedWord> Take(string instance, Guid boot) => _bySegment.Remove((instance, boot), out var segments) ? InOrder(segments.Values.SelectMany(static words => words)) : [];

    private static SignedWord[] InOrder(IEnumerable<SignedWord> words) => [.. words.OrderBy(static word => word.Checkpoint.Sequence)];

    private void Add(ReadOnlySpan<byte> line, FilePlace place, SignatureCheck signatures, Findings findings, UnknownKeys unknown)
    {
        if (line.IsEmpty)
        {
            return;
        }

        if (Checkpoint.TryRead(line, out var covered, out var signature) is not { } checkpoint)
        {
            findings.Violation(AuditFindingCode.BadCheckpoint, place, "This is no checkpoint.");
            return;
        }

        switch (signatures.Verify(checkpoint.Instance, checkpoint.KeyId, covered, signature))
        {
            case null:
                unknown.Add(checkpoint.Instance, checkpoint.KeyId, place);
                break;
            case false:
                findings.Violation(AuditFindingCode.BadSignature, place, $"The signature of this anchor is not one of the key '{checkpoint.KeyId}' over it.");
                break;
            default:
                // There may be as many as the journal has: without what nobody asks for any more.
                Of((checkpoint.Instance, checkpoint.Boot), checkpoint.Segment).Add(new(checkpoint with { Previous = string.Empty }, place, IsAnchor: true));
                break;
        }
    }

    private List<SignedWord> Of((string Instance, Guid Boot) boot, int segment)
    {
        if (!_bySegment.TryGetValue(boot, out var segments))
        {
            _bySegment[boot] = segments = [];
        }

        if (!segments.TryGetValue(segment, out var words))
        {
            segments[segment] = words = [];
        }

        return words;
    }
}
