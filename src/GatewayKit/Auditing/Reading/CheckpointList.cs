using System.Buffers.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>The checkpoints of an instance, in the order of its boots and segments: their signatures, and that each follows the one before it. Not thread-safe.</summary>
/// <param name="signatures">Verifies signatures.</param>
/// <param name="findings">Where findings go.</param>
internal sealed class CheckpointList(SignatureCheck signatures, Findings findings)
{
    private readonly UnknownKeys _unknown = new(findings, "checkpoint");

    // The signature before; null if nobody knows it.
    private string? _last = string.Empty;

    /// <summary>How many were right.</summary>
    public long Count { get; private set; }

    /// <summary>What is in front of the next one is missing.</summary>
    public void Skip() => _last = null;

    /// <summary>Reads those of a segment.</summary>
    /// <param name="path">The file.</param>
    /// <param name="instance">The instance that they should be of.</param>
    /// <param name="boot">The boot.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="mayGrow">Whether the last line may not be whole yet.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Those with right signatures.</returns>
    public async Task<Queue<SignedWord>> ReadAsync(string path, string instance, Guid boot, int segment, bool mayGrow, CancellationToken cancellationToken)
    {
        var words = new Queue<SignedWord>();
        var file = SegmentFiles.OpenFile(path);
        await using (file.ConfigureAwait(false))
        {
            var lines = new LineReader(file);
            do
            {
                while (lines.TryRead(out var line))
                {
                    var place = new FilePlace(path, lines.Number, lines.Offset);
                    if (Check(line, place) is { } checkpoint)
                    {
                        if (checkpoint.Instance == instance && checkpoint.Boot == boot && checkpoint.Segment == segment)
                        {
                            words.Enqueue(new(checkpoint, place));
                        }
                        else
                        {
                            findings.Violation(AuditFindingCode.BrokenCheckpoints, place, $"This checkpoint is of segment {checkpoint.Segment} of boot {checkpoint.Boot} of '{checkpoint.Instance}', and does not belong here.");
                        }
                    }
                }
            }
            while (await lines.FillAsync(cancellationToken).ConfigureAwait(false));
            Unfinished(lines, path, mayGrow);
        }

        return words;
    }

    /// <summary>There are no more.</summary>
    public void End() => _unknown.Tell();

    private Checkpoint? Check(ReadOnlySpan<byte> line, FilePlace place)
    {
        var before = _last;
        _last = null;
        if (Checkpoint.TryRead(line, out var covered, out var signature) is not { } checkpoint)
        {
            findings.Violation(AuditFindingCode.BadCheckpoint, place, "This is no checkpoint.");
            return null;
        }

        switch (signatures.Verify(checkpoint.Instance, checkpoint.KeyId, covered, signature))
        {
            case null:
                _unknown.Add(checkpoint.Instance, checkpoint.KeyId, place);
                return null;
            case false:
                findings.Violation(AuditFindingCode.BadSignature, place, $"The signature of this checkpoint is not one of the key '{checkpoint.KeyId}' over it.");
                return null;
        }

        if (before is not null && before != checkpoint.Previous)
        {
            findings.Violation(AuditFindingCode.BrokenCheckpoints, place, "This checkpoint does not follow the one in front of it: others were taken out, or this one was put in or moved.");
        }

        _last = Base64Url.EncodeToString(signature);
        Count++;
        return checkpoint;
    }

    private void Unfinished(LineReader lines, string path, bool mayGrow)
    {
        if (lines.Rest.IsEmpty)
        {
            return;
        }

        var place = new FilePlace(path, lines.Number + 1, lines.NextOffset);
        if (mayGrow)
        {
            findings.Note(AuditFindingCode.PartialLine, place, $"{lines.Rest.Length} bytes of a checkpoint that is not whole.");
        }
        else
        {
            findings.Violation(AuditFindingCode.BadCheckpoint, place, $"{lines.Rest.Length} bytes that are no checkpoint.");
        }
    }
}

/// <summary>A checkpoint whose signature is right, and where it was found.</summary>
/// <param name="Checkpoint">The checkpoint.</param>
/// <param name="Place">Where it is.</param>
/// <param name="IsAnchor">Whether it was kept elsewhere.</param>
internal sealed record SignedWord(Checkpoint Checkpoint, FilePlace Place, bool IsAnchor = false);
