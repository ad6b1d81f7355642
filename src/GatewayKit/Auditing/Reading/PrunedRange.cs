using System.Text.Json;

namespace GatewayKit.Auditing.Reading;

/// <summary>What an event <c>audit.retention</c> says was deleted: segments of one boot, one behind the other. It is written before they are deleted.</summary>
/// <param name="Boot">The boot.</param>
/// <param name="From">The first segment.</param>
/// <param name="To">The last segment.</param>
/// <param name="FirstSequence">The number of the first line.</param>
/// <param name="LastSequence">The number of the last line.</param>
/// <param name="LastHash">The hash of the last line.</param>
/// <param name="LastRoot">The root of the last segment.</param>
internal sealed record PrunedRange(Guid Boot, int From, int To, long FirstSequence, long LastSequence, string LastHash, string LastRoot)
{
    /// <summary>The name of the event.</summary>
    public static ReadOnlySpan<byte> Event => "audit.retention"u8;

    /// <summary>Reads the event; <see langword="null"/> if it says something else.</summary>
    public static PrunedRange? TryRead(ReadOnlySpan<byte> line)
    {
        try
        {
            using var json = JsonDocument.Parse(line.ToArray());
            var root = json.RootElement;
            return new(
                root.GetProperty("prunedBoot").GetGuid(),
                root.GetProperty("prunedFrom").GetInt32(),
                root.GetProperty("prunedTo").GetInt32(),
                root.GetProperty("firstSeq").GetInt64(),
                root.GetProperty("lastSeq").GetInt64(),
                root.GetProperty("lastHash").GetString()!,
                root.GetProperty("lastRoot").GetString()!);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
