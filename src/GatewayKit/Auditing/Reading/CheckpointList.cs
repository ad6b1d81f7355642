using System.Buffers.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>The checkpoints of an instance, in the order of its boots and segments: their signatures, and that each follows the one before it. Not thread-safe.</summary>
/// <param name="signatures">Verifies signatures.</param>
/// <param name="findings">Where findings go.</param>
internal sealed class CheckpointList(SignatureCheck signatures, Findings findings)
{
    private readonly UnknownKeys _unknown = new(findings, "checkpoint");

    // What is left of one and no line, with whether one of its boot may still follow: the next checkpoint says what it is.
    private readonly List<(FilePlace Place, int Bytes, bool MayFollow)> _rests = [];

    // The signature before, and the one before that; null if nobody knows it.
    private string? _last = string.Empty, _beforeLast = string.Empty;

    /// <summary>How many were right.</summary>
    public long Count { get; private set; }

    /// <summary>What is in front of the next one is missing.</summary>
    public void Skip() => _last = null;

    /// <summary>Reads those of a segment.</summary>
    /// <param name="path">The file.</param>
    /// <param name="instance">The instance that they should be of.</param>
    /// <param name="boot">The boot.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="mayFollow">Whether more of the boot may still come.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Those with right signatures.</returns>
    public async Task<Queue<SignedWord>> ReadAsync(string path, string instance, Guid boot, int segment, bool mayFollow, CancellationToken cancellationToken)
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
            if (!lines.Rest.IsEmpty)
            {
                _rests.Add((new(path, lines.Number + 1, lines.NextOffset), lines.Rest.Length, mayFollow));
            }
        }

        return words;
    }

    /// <summary>There are no more.</summary>
    public void End()
    {
        JudgeRests(null);
        _unknown.Tell();
    }

    private Checkpoint? Check(ReadOnlySpan<byte> line, FilePlace place)
    {
        var (before, beforeThat) = (_last, _beforeLast);
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

        if (before is not null && before != checkpoint.Previous && !(checkpoint.HasSkipped && beforeThat == checkpoint.Previous))
        {
            findings.Violation(AuditFindingCode.BrokenCheckpoints, place, "This checkpoint does not follow the one in front of it: others were taken out, or this one was put in or moved.");
        }

        JudgeRests(checkpoint);
        (_last, _beforeLast) = (Base64Url.EncodeToString(signature), checkpoint.Previous);
        Count++;
        return checkpoint;
    }

    private void JudgeRests(Checkpoint? next)
    {
        foreach (var (place, bytes, mayFollow) in _rests)
        {
            if (next?.HasSkipped is true)
            {
                findings.Note(AuditFindingCode.PartialLine, place, $"{bytes} bytes of a checkpoint that the disk did not take: the next one says so.");
            }
            else if (next is null && mayFollow)
            {
                findings.Note(AuditFindingCode.PartialLine, place, $"{bytes} bytes of a checkpoint that is not whole.");
            }
            else
            {
                findings.Violation(AuditFindingCode.BadCheckpoint, place, $"{bytes} bytes that are no checkpoint.");
            }
        }

        _rests.Clear();
    }
}

/// <summary>A checkpoint whose signature is right, and where it was found.</summary>
/// <param name="Checkpoint">The checkpoint.</param>
/// <param name="Place">Where it is.</param>
/// <param name="IsAnchor">Whether it was kept elsewhere.</param>
internal sealed record SignedWord(Checkpoint Checkpoint, FilePlace Place, bool IsAnchor = false);
