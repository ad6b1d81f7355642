using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>The proofs of what was exported, for somebody else: a proof a line, the checkpoints, the public keys, and how to verify them. Not thread-safe.</summary>
/// <param name="folder">The journal.</param>
/// <param name="path">The folder of the bundle.</param>
internal sealed class ProofBundle(JournalFolder folder, string path)
{
    // Lines by segment: a proof of each needs all of its segment, which is read once.
    private readonly Dictionary<(string Instance, Guid Boot, int Segment), List<AuditLine>> _lines = [];

    public const string HowTo = """
        Proofs of lines of an audit journal
        ===================================

        proofs.jsonl        one proof a line (JSON): the line, its place in its segment, the hashes that lead to the root, the signed checkpoint
        checkpoints.jsonl   the checkpoints, each once
        keys/               the public keys that signed them. Compare them with those that you have from elsewhere: that is what the proof rests on.

        Verify:             gatewaykit audit verify-proof proofs.jsonl --keys KEYS-FROM-ELSEWHERE

        By hand, for each proof:
        1. "checkpoint": its "sig" (ECDSA P-256 with SHA-256, IEEE P1363, base64url) is over the bytes in front of ,"sig":
        2. SHA-256(0x00 || "line") is the leaf; "path" leads from it to the checkpoint's "root" as in RFC 9162, section 2.1.3.2, with "index" and the checkpoint's "count".
        3. The line's "seq" is the checkpoint's "seq" - "count" + 1 + "index".
        """;

    /// <summary>Notes the lines of an entry.</summary>
    public void Add(AuditEntry entry)
    {
        foreach (var line in (AuditLine?[])[entry.Begin, entry.End])
        {
            if (line is not null)
            {
                var key = (entry.Instance, entry.Boot, line.Segment);
                if (!_lines.TryGetValue(key, out var lines))
                {
                    _lines[key] = lines = [];
                }

                lines.Add(line);
            }
        }
    }

    /// <summary>Writes the bundle.</summary>
    /// <returns>How many lines are proved, and how many no checkpoint covers yet.</returns>
    public async Task<(long Proved, long Unproved)> WriteAsync(CancellationToken cancellationToken)
    {
        JournalFiles.Instance.CreateDirectory(path);
        JournalFiles.Instance.CreateDirectory(Path.Combine(path, JournalPaths.PublicKeys));
        var (proved, unproved, keys) = (0L, 0L, AuditKeys.Of(folder));
        using var signatures = new SignatureCheck(keys);
        await using var proofs = Create("proofs.jsonl");
        await using var checkpoints = Create("checkpoints.jsonl");
        foreach (var (key, lines) in _lines)
        {
            var files = folder.Instances.First(instance => instance.Name == key.Instance).Boots.First(boot => boot.Id == key.Boot).Segments.First(one => one.Number == key.Segment);
            if (await SegmentProofs.ReadAsync(files, key.Instance, key.Boot, signatures, cancellationToken).ConfigureAwait(false) is not { } segment)
            {
                unproved += lines.Count;
                continue;
            }

            await AddKeyAsync(segment.Checkpoint.KeyId, keys.PemOf(key.Instance, segment.Checkpoint.KeyId)!, cancellationToken).ConfigureAwait(false);
            await checkpoints.WriteLineAsync(segment.Text.AsMemory(), cancellationToken).ConfigureAwait(false);
            foreach (var line in lines)
            {
                var proof = segment.Prove(line);
                (proved, unproved) = proof is null ? (proved, unproved + 1) : (proved + 1, unproved);
                if (proof is not null)
                {
                    await proofs.WriteLineAsync(proof.ToJson().AsMemory(), cancellationToken).ConfigureAwait(false);
                }
            }
        }

        await using var readme = Create("README.txt");
        await readme.WriteLineAsync(HowTo.AsMemory(), cancellationToken).ConfigureAwait(false);
        return (proved, unproved);
    }

    // By the id of one that has signed: it is the name of a file beside the journal. What the bundle has is never replaced.
    private async Task AddKeyAsync(string id, string pem, CancellationToken cancellationToken)
    {
        var file = Path.Combine(path, JournalPaths.PublicKeys, id + ".pem");
        if (!File.Exists(file))
        {
            await using var key = Create(Path.Combine(JournalPaths.PublicKeys, id + ".pem"));
            await key.WriteAsync(pem.AsMemory(), cancellationToken).ConfigureAwait(false);
        }
        else if (await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false) != pem)
        {
            throw new IOException($"'{file}' is another key than the one that has signed by this id. Take an empty folder for the bundle.");
        }
    }

    // As readable as the journal is.
    private StreamWriter Create(string name) => new(ExportFile.Create(Path.Combine(path, name)));
}
