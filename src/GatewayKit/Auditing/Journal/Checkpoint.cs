using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// A signed word on how far a journal is and what it says up to there. Whoever keeps it elsewhere can tell later whether the journal was changed. One JSON object on one line;
/// the signature covers the bytes in front of <c>,"sig":</c>. Immutable.
/// </summary>
internal sealed record Checkpoint
{
    private static ReadOnlySpan<byte> SignatureKey => ",\"sig\":\""u8;

    /// <summary>The instance.</summary>
    public required string Instance { get; init; }

    /// <summary>The boot of the instance.</summary>
    public required Guid Boot { get; init; }

    /// <summary>The number of the segment, from 1.</summary>
    public required int Segment { get; init; }

    /// <summary>The number of the last line in its boot.</summary>
    public required long Sequence { get; init; }

    /// <summary>The hash of the last line.</summary>
    public required string Hash { get; init; }

    /// <summary>How many lines the segment has up to there.</summary>
    public required long Count { get; init; }

    /// <summary>The root of the tree over these lines (RFC 6962 §2.1), base64url.</summary>
    public required string Root { get; init; }

    /// <summary>When it was signed, by the wall clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Whether it is the last of its segment.</summary>
    public bool IsLast { get; init; }

    /// <summary>Whether one before it was given up, because the disk did not take it: what stands of that one behind the one that this one follows does not count.</summary>
    public bool HasSkipped { get; init; }

    /// <summary>The id of the key that signed it.</summary>
    public required string KeyId { get; init; }

    /// <summary>The signature of the instance's checkpoint before this one; empty if there is none.</summary>
    public string Previous { get; init; } = string.Empty;

    /// <summary>What is signed: the object without its signature, and without its closing brace.</summary>
    public byte[] Covered()
    {
        var text = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteNumber("v"u8, 1);
            json.WriteString("kind"u8, "checkpoint"u8);
            json.WriteString("inst"u8, Instance);
            json.WriteString("boot"u8, Boot);
            json.WriteNumber("n"u8, Segment);
            json.WriteNumber("seq"u8, Sequence);
            json.WriteString("h"u8, Hash);
            json.WriteNumber("count"u8, Count);
            json.WriteString("root"u8, Root);
            json.WriteString("ts"u8, Time.UtcDateTime);
            json.WriteBoolean("last"u8, IsLast);
            if (HasSkipped)
            {
                json.WriteBoolean("skipped"u8, true);
            }

            json.WriteString("keyId"u8, KeyId);
            json.WriteString("prevSig"u8, Previous);
            json.WriteEndObject();
        }

        return text.WrittenSpan[..^1].ToArray();
    }

    /// <summary>The line that is kept: what is signed, and the signature.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> covered, ReadOnlySpan<byte> signature) =>
        [.. covered, .. SignatureKey, .. Encoding.ASCII.GetBytes(Base64Url.EncodeToString(signature)), .. "\"}"u8];

    /// <summary>Reads a line. Whether its signature is right is not looked at.</summary>
    /// <param name="line">The line without its line end.</param>
    /// <param name="covered">What is signed.</param>
    /// <param name="signature">The signature.</param>
    /// <returns><see langword="null"/> if it is no checkpoint.</returns>
    public static Checkpoint? TryRead(ReadOnlySpan<byte> line, out byte[] covered, out byte[] signature)
    {
        (covered, signature) = ([], []);
        var at = line.LastIndexOf(SignatureKey);
        if (at < 0 || !line.EndsWith("\"}"u8) || !Base64Url.IsValid(line[(at + SignatureKey.Length)..^2]))
        {
            return null;
        }

        (covered, signature) = (line[..at].ToArray(), Base64Url.DecodeFromUtf8(line[(at + SignatureKey.Length)..^2]));
        if (!Encoding.ASCII.GetBytes(Base64Url.EncodeToString(signature)).AsSpan().SequenceEqual(line[(at + SignatureKey.Length)..^2]))
        {
            // There is one spelling only: the decoder overlooks white space and padding.
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(line.ToArray());
            var root = json.RootElement;
            return root.GetProperty("v").GetInt32() is not 1 || root.GetProperty("kind").GetString() is not "checkpoint" ? null : new Checkpoint
            {
                Instance = Text(root, "inst"u8),
                Boot = root.GetProperty("boot").GetGuid(),
                Segment = root.GetProperty("n").GetInt32(),
                Sequence = root.GetProperty("seq").GetInt64(),
                Hash = Text(root, "h"u8),
                Count = root.GetProperty("count").GetInt64(),
                Root = Text(root, "root"u8),
                Time = root.GetProperty("ts").GetDateTimeOffset(),
                IsLast = root.GetProperty("last").GetBoolean(),
                HasSkipped = root.TryGetProperty("skipped", out var skipped) && skipped.GetBoolean(),
                KeyId = Text(root, "keyId"u8),
                Previous = Text(root, "prevSig"u8),
            };
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static string Text(JsonElement record, ReadOnlySpan<byte> name) => record.GetProperty(name).GetString() ?? throw new FormatException("It is null.");
}
