using System.Numerics;
using System.Security.Cryptography;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// The Merkle tree over the lines of a segment (RFC 6962 §2.1), grown line by line: it keeps one hash for each bit of the count. With it, one line is proved by
/// some twenty hashes and without the others. Not thread-safe.
/// </summary>
internal sealed class MerkleTree
{
    private const byte Leaf = 0;
    private const byte Node = 1;
    private const int HashBytes = HashChain.HashBytes;
    private const int MostLevels = 62;

    // The roots of the perfect subtrees that the count consists of, by level: level i is there if bit i of the count is set.
    private readonly byte[] _peaks = new byte[MostLevels * HashBytes];
    private byte[] _leaf = [Leaf, .. new byte[4095]];

    /// <summary>How many lines it has.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a line.</summary>
    /// <param name="line">All of its bytes but the line end.</param>
    public void Add(ReadOnlySpan<byte> line)
    {
        if (_leaf.Length < line.Length + 1)
        {
            Array.Resize(ref _leaf, line.Length + 1);
        }

        line.CopyTo(_leaf.AsSpan(1));
        Span<byte> hash = stackalloc byte[HashBytes];
        SHA256.HashData(_leaf.AsSpan(0, line.Length + 1), hash);
        AddLeaf(hash);
    }

    /// <summary>Adds a line whose hash is known.</summary>
    public void AddLeaf(ReadOnlySpan<byte> leafHash)
    {
        Span<byte> hash = stackalloc byte[HashBytes];
        leafHash.CopyTo(hash);
        var level = 0;
        for (; (Count >> level & 1) is 1; level++)
        {
            HashNode(Peak(level), hash, hash);
        }

        hash.CopyTo(Peak(level));
        Count++;
    }

    /// <summary>Computes the root of the lines so far. Without lines it is the hash of nothing.</summary>
    public void GetRoot(Span<byte> root)
    {
        if (Count is 0)
        {
            SHA256.HashData([], root);
            return;
        }

        var level = BitOperations.TrailingZeroCount(Count);
        Peak(level).CopyTo(root);
        for (level++; level < MostLevels; level++)
        {
            if ((Count >> level & 1) is 1)
            {
                HashNode(Peak(level), root, root);
            }
        }
    }

    /// <summary>Starts again without lines.</summary>
    public void Clear() => Count = 0;

    /// <summary>Makes another tree the same as this one.</summary>
    public void CopyTo(MerkleTree other)
    {
        // Peaks above the highest bit of the count are of no tree.
        _peaks.AsSpan(0, (64 - BitOperations.LeadingZeroCount((ulong)Count)) * HashBytes).CopyTo(other._peaks);
        other.Count = Count;
    }

    /// <summary>The hash of a line as a leaf.</summary>
    public static byte[] HashLeaf(ReadOnlySpan<byte> line) => SHA256.HashData([Leaf, .. line]);

    /// <summary>The hashes that lead from a leaf to the root, from the bottom up (RFC 6962 §2.1.1).</summary>
    /// <param name="leafHashes">The hashes of all lines.</param>
    /// <param name="index">The place of the line among them.</param>
    public static IReadOnlyList<byte[]> Prove(IReadOnlyList<byte[]> leafHashes, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, leafHashes.Count);
        var path = new List<byte[]>();
        Descend(leafHashes, 0, leafHashes.Count, index, path);
        return path;
    }

    /// <summary>Whether the hashes of a proof lead from a leaf to a root (RFC 9162 §2.1.3.2).</summary>
    /// <param name="leafHash">The hash of the line.</param>
    /// <param name="index">The place of the line.</param>
    /// <param name="count">How many lines the tree has.</param>
    /// <param name="path">The proof.</param>
    /// <param name="root">The root of the tree.</param>
    public static bool Verify(ReadOnlySpan<byte> leafHash, long index, long count, IReadOnlyList<byte[]> path, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= count || path.Any(static hash => hash.Length != HashBytes))
        {
            return false;
        }

        var (node, last) = (index, count - 1);
        Span<byte> hash = stackalloc byte[HashBytes];
        leafHash.CopyTo(hash);
        foreach (var sibling in path)
        {
            if (last is 0)
            {
                return false;
            }

            if ((node & 1) is 1 || node == last)
            {
                HashNode(sibling, hash, hash);
                while ((node & 1) is 0 && node is not 0)
                {
                    (node, last) = (node >> 1, last >> 1);
                }
            }
            else
            {
                HashNode(hash, sibling, hash);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last is 0 && hash.SequenceEqual(root);
    }

    private static byte[] Descend(IReadOnlyList<byte[]> leaves, int start, int count, int index, List<byte[]>? path)
    {
        if (count is 1)
        {
            return leaves[start];
        }

        // The largest power of two below the count.
        var left = (int)(BitOperations.RoundUpToPowerOf2((uint)count) >> 1);
        var isLeft = index < left;
        var leftHash = Descend(leaves, start, left, index, isLeft ? path : null);
        var rightHash = Descend(leaves, start + left, count - left, index - left, isLeft ? null : path);
        path?.Add(isLeft ? rightHash : leftHash);
        var hash = new byte[HashBytes];
        HashNode(leftHash, rightHash, hash);
        return hash;
    }

    private static void HashNode(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> hash)
    {
        Span<byte> node = stackalloc byte[1 + (2 * HashBytes)];
        node[0] = Node;
        left.CopyTo(node[1..]);
        right.CopyTo(node[(1 + HashBytes)..]);
        SHA256.HashData(node, hash);
    }

    private Span<byte> Peak(int level) => _peaks.AsSpan(level * HashBytes, HashBytes);
}
