using System.Security.Cryptography;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>All hashes of a tree, level by level: proofs of many of its lines take a few look-ups each (RFC 6962 §2.1.1). Immutable.</summary>
internal sealed class MerkleLevels
{
    private const byte Node = 1;
    private readonly List<byte[][]> _levels;

    /// <param name="leafHashes">The hashes of all lines, at least one.</param>
    public MerkleLevels(byte[][] leafHashes)
    {
        _levels = [leafHashes];
        for (var below = leafHashes; below.Length > 1;)
        {
            var level = new byte[(below.Length + 1) / 2][];
            for (var i = 0; i < level.Length; i++)
            {
                // One without a sibling goes up as it is.
                level[i] = (2 * i) + 1 < below.Length ? SHA256.HashData([Node, .. below[2 * i], .. below[(2 * i) + 1]]) : below[2 * i];
            }

            _levels.Add(level);
            below = level;
        }
    }

    /// <summary>The root.</summary>
    public ReadOnlySpan<byte> Root => _levels[^1][0];

    /// <summary>The hashes that lead from a line to the root, from the bottom up.</summary>
    public IReadOnlyList<byte[]> Prove(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _levels[0].Length);
        var path = new List<byte[]>(_levels.Count);
        foreach (var level in _levels)
        {
            if ((index ^ 1) < level.Length && level.Length > 1)
            {
                path.Add(level[index ^ 1]);
            }

            index >>= 1;
        }

        return path;
    }

    /// <summary>Reads the first lines of a segment.</summary>
    /// <param name="files">Its files.</param>
    /// <param name="count">How many.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns><see langword="null"/> if it has fewer.</returns>
    public static async Task<MerkleLevels?> ReadAsync(SegmentFiles files, long count, CancellationToken cancellationToken)
    {
        var hashes = new List<byte[]>();
        var stream = files.Open();
        await using (stream.ConfigureAwait(false))
        {
            var lines = new LineReader(stream, 128 << 10);
            do
            {
                while (hashes.Count < count && lines.TryRead(out var line))
                {
                    hashes.Add(MerkleTree.HashLeaf(line));
                }
            }
            while (hashes.Count < count && await lines.FillAsync(cancellationToken).ConfigureAwait(false));
        }

        return hashes.Count == count && count > 0 ? new([.. hashes]) : null;
    }
}
