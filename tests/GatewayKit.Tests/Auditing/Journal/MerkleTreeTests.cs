using System.Security.Cryptography;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>The tree of RFC 6962 §2.1. The vectors are those of the certificate-transparency project.</summary>
public sealed class MerkleTreeTests
{
    private const int LargestTree = 130;

    private static readonly string[] Lines =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] Roots =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    [Fact]
    public void Root_of_each_size_is_that_of_the_known_vectors()
    {
        var tree = new MerkleTree();
        Assert.Equal(Roots[0], Root(tree));
        foreach (var (line, root) in Lines.Zip(Roots.Skip(1)))
        {
            tree.Add(Convert.FromHexString(line));
            Assert.Equal(root, Root(tree));
        }
    }

    [Fact]
    public void Copy_goes_on_by_itself_from_where_the_tree_was()
    {
        var (tree, copy) = (new MerkleTree(), new MerkleTree());
        for (var i = 0; i < Lines.Length; i++)
        {
            tree.CopyTo(copy);
            Assert.Equal((i, Roots[i]), (copy.Count, Root(copy)));
            copy.Add("something else"u8);
            tree.Add(Convert.FromHexString(Lines[i]));
            Assert.Equal(Roots[i + 1], Root(tree));
        }
    }

    [Fact]
    public void Tree_that_was_cleared_begins_again()
    {
        var tree = new MerkleTree();
        tree.Add("before"u8);
        tree.Clear();
        Assert.Equal((0, Roots[0]), (tree.Count, Root(tree)));
        tree.Add([]);
        Assert.Equal((1, Roots[1]), (tree.Count, Root(tree)));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 8, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")]
    [InlineData(5, 8, "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(2, 3, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(1, 5, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b")]
    public void Proof_is_that_of_the_known_vectors(int index, int count, params string[] path) =>
        Assert.Equal(path, MerkleTree.Prove(KnownLeaves(count), index).Select(static hash => Convert.ToHexStringLower(hash)));

    [Fact]
    public void Every_line_of_every_tree_is_proved()
    {
        for (var count = 1; count <= LargestTree; count++)
        {
            var (leaves, root) = Tree(count);
            for (var index = 0; index < count; index++)
            {
                Assert.True(MerkleTree.Verify(leaves[index], index, count, MerkleTree.Prove(leaves, index), root), $"line {index} of {count}");
            }
        }
    }

    [Fact]
    public void Proof_holds_for_its_own_line_and_place_only()
    {
        for (var count = 2; count <= 33; count++)
        {
            var (leaves, root) = Tree(count);
            for (var index = 0; index < count; index++)
            {
                var path = MerkleTree.Prove(leaves, index);
                for (var other = 0; other < count; other++)
                {
                    Assert.Equal(other == index, MerkleTree.Verify(leaves[index], other, count, path, root));
                    Assert.Equal(other == index, MerkleTree.Verify(leaves[other], index, count, path, root));
                }
            }
        }
    }

    [Fact]
    public void Each_bit_of_leaf_path_and_root_matters()
    {
        const int Index = 5;
        var (leaves, root) = Tree(11);
        var path = MerkleTree.Prove(leaves, Index);
        byte[][] parts = [leaves[Index], root, .. path];
        foreach (var part in parts)
        {
            for (var bit = 0; bit < part.Length * 8; bit++)
            {
                part[bit / 8] ^= (byte)(1 << bit % 8);
                Assert.False(MerkleTree.Verify(leaves[Index], Index, 11, path, root));
                part[bit / 8] ^= (byte)(1 << bit % 8);
            }
        }

        Assert.True(MerkleTree.Verify(leaves[Index], Index, 11, path, root));
    }

    [Fact]
    public void Path_that_is_cut_lengthened_or_of_another_hash_proves_nothing()
    {
        for (var count = 1; count <= 33; count++)
        {
            var (leaves, root) = Tree(count);
            var path = MerkleTree.Prove(leaves, count / 2).ToList();
            Assert.False(MerkleTree.Verify(leaves[count / 2], count / 2, count, [.. path, root], root));
            if (path.Count > 0)
            {
                Assert.False(MerkleTree.Verify(leaves[count / 2], count / 2, count, path[1..], root));
                Assert.False(MerkleTree.Verify(leaves[count / 2], count / 2, count, path[..^1], root));
                Assert.False(MerkleTree.Verify(leaves[count / 2], count / 2, count, [path[0][..^1], .. path[1..]], root));
            }
        }
    }

    [Theory]
    [InlineData(-1, 4)]
    [InlineData(4, 4)]
    [InlineData(0, 0)]
    public void Place_outside_of_the_tree_is_not_proved(long index, long count)
    {
        var (leaves, root) = Tree(4);
        Assert.False(MerkleTree.Verify(leaves[0], index, count, MerkleTree.Prove(leaves, 0), root));
    }

    [Fact]
    public void Leaf_is_no_node()
    {
        // Without the bytes in front, two hashes side by side would be a line with the hash of their node (RFC 6962 §2.1).
        var (leaves, root) = Tree(2);
        byte[] line = [.. leaves[0], .. leaves[1]];
        Assert.NotEqual(root, MerkleTree.HashLeaf(line));
        Assert.Equal(root, SHA256.HashData([1, .. line]));
    }

    private static string Root(MerkleTree tree)
    {
        Span<byte> root = stackalloc byte[HashChain.HashBytes];
        tree.GetRoot(root);
        return Convert.ToHexStringLower(root);
    }

    private static byte[][] KnownLeaves(int count) => [.. Lines.Take(count).Select(static line => MerkleTree.HashLeaf(Convert.FromHexString(line)))];

    private static (byte[][] Leaves, byte[] Root) Tree(int count)
    {
        var (tree, leaves, root) = (new MerkleTree(), new byte[count][], new byte[HashChain.HashBytes]);
        for (var i = 0; i < count; i++)
        {
            leaves[i] = MerkleTree.HashLeaf([(byte)i, 7]);
            tree.Add([(byte)i, 7]);
        }

        tree.GetRoot(root);
        return (leaves, root);
    }
}
