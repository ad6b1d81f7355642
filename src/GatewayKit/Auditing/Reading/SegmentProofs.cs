using System.Buffers.Text;
using System.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>Proofs of the lines of one segment, under the last checkpoint that covers them. Immutable.</summary>
internal sealed class SegmentProofs
{
    private readonly MerkleLevels _levels;

    private SegmentProofs(MerkleLevels levels, Checkpoint checkpoint, string text) => (_levels, Checkpoint, Text) = (levels, checkpoint, text);

    /// <summary>The checkpoint.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>The checkpoint as it is written.</summary>
    public string Text { get; }

    /// <summary>Reads a segment; <see langword="null"/> if no checkpoint covers any of it.</summary>
    /// <exception cref="InvalidDataException">The last checkpoint is not of this segment, or is not signed by a key of the instance: a proof under it would be none.</exception>
    public static async Task<SegmentProofs?> ReadAsync(SegmentFiles files, string instance, Guid boot, SignatureCheck signatures, CancellationToken cancellationToken)
    {
        if (files.File is null || files.Checkpoints is null)
        {
            return null;
        }

        byte[]? last = null;
        var file = SegmentFiles.OpenFile(files.Checkpoints);
        await using (file.ConfigureAwait(false))
        {
            var lines = new LineReader(file);
            do
            {
                while (lines.TryRead(out var line))
                {
                    last = line.ToArray();
                }
            }
            while (await lines.FillAsync(cancellationToken).ConfigureAwait(false));
        }

        if (last is null)
        {
            return null;
        }

        if (Checkpoint.TryRead(last, out var covered, out var signature) is not { } checkpoint
            || (checkpoint.Instance, checkpoint.Boot, checkpoint.Segment) != (instance, boot, files.Number)
            || signatures.Verify(instance, checkpoint.KeyId, covered, signature) is not true)
        {
            throw new InvalidDataException($"The last checkpoint in '{files.Checkpoints}' is not one of '{instance}' with a right signature, and proves nothing. Verify the journal.");
        }

        return await MerkleLevels.ReadAsync(files, checkpoint.Count, cancellationToken).ConfigureAwait(false) is { } levels && Base64Url.EncodeToString(levels.Root) == checkpoint.Root
            ? new(levels, checkpoint, Encoding.UTF8.GetString(last))
            : throw new InvalidDataException($"The last checkpoint in '{files.Checkpoints}' was signed over other lines than those that are there, and proves nothing. Verify the journal.");
    }

    /// <summary>The proof of a line; <see langword="null"/> if it came behind the checkpoint.</summary>
    public AuditProof? Prove(AuditLine line) => line.Index >= Checkpoint.Count ? null : new()
    {
        Line = line.Text,
        Index = line.Index,
        Path = [.. _levels.Prove((int)line.Index).Select(static hash => Base64Url.EncodeToString(hash))],
        Checkpoint = Text,
    };
}
