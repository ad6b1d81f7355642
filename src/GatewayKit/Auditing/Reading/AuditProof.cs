using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>
/// Shows that one line is in a journal, to somebody who has neither the journal nor any trust in who shows it, only the public key: the hashes that lead from the line to the root of its segment, and
/// a signed checkpoint that has the root. Immutable.
/// </summary>
public sealed record AuditProof
{
    /// <summary>The form of the proof.</summary>
    public string Format { get; init; } = "gk.proof/1";

    /// <summary>The line as it is written.</summary>
    public required string Line { get; init; }

    /// <summary>Its place in the segment, from 0.</summary>
    public required long Index { get; init; }

    /// <summary>The hashes, base64url, from the bottom up (RFC 6962 §2.1.1).</summary>
    public required IReadOnlyList<string> Path { get; init; }

    /// <summary>The checkpoint as it is written.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>Reads a proof.</summary>
    /// <param name="json">What <see cref="ToJson"/> wrote.</param>
    /// <exception cref="FormatException">It is no proof.</exception>
    public static AuditProof Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            return JsonSerializer.Deserialize(json, ProofJson.Default.AuditProof) is { Line: not null, Path: not null, Checkpoint: not null, Format: "gk.proof/1" } proof
                ? proof
                : throw new FormatException("This is no proof in the form gk.proof/1.");
        }
        catch (JsonException exception)
        {
            throw new FormatException($"This is no proof: {exception.Message}", exception);
        }
    }

    /// <summary>The proof as JSON, on one line.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ProofJson.Default.AuditProof);

    /// <summary>What is wrong with the proof; <see langword="null"/> if it holds: then the line was in the journal when the checkpoint was signed.</summary>
    /// <param name="keys">The keys to trust.</param>
    public string? Verify(AuditKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (GatewayKit.Auditing.Journal.Checkpoint.TryRead(Encoding.UTF8.GetBytes(Checkpoint), out var covered, out var signature) is not { } checkpoint)
        {
            return "The checkpoint cannot be read.";
        }

        using var signatures = new SignatureCheck(keys);
        switch (signatures.Verify(checkpoint.Instance, checkpoint.KeyId, covered, signature))
        {
            case null:
                return $"The checkpoint is signed by the key '{checkpoint.KeyId}', which is not among those to trust for '{checkpoint.Instance}'.";
            case false:
                return $"The signature of the checkpoint is not one of the key '{checkpoint.KeyId}' over it.";
        }

        var text = Encoding.UTF8.GetBytes(Line);
        Span<byte> root = stackalloc byte[HashChain.HashBytes];
        if (!JournalLine.TryRead(text, out var line) || line.Sequence != checkpoint.Sequence - checkpoint.Count + 1 + Index)
        {
            return "The line is none of a journal, or not the one of that number.";
        }

        return HashChain.TryRead(Encoding.UTF8.GetBytes(checkpoint.Root), root) && TryDecode(out var path) && MerkleTree.Verify(MerkleTree.HashLeaf(text), Index, checkpoint.Count, path, root)
            ? null
            : "The hashes do not lead from the line to the root that was signed.";
    }

    private bool TryDecode(out byte[][] path)
    {
        path = new byte[Path.Count][];
        for (var i = 0; i < path.Length; i++)
        {
            path[i] = new byte[HashChain.HashBytes];
            if (Path[i] is not { } text || !HashChain.TryRead(Encoding.UTF8.GetBytes(text), path[i]))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>How proofs are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AuditProof))]
internal sealed partial class ProofJson : JsonSerializerContext;
