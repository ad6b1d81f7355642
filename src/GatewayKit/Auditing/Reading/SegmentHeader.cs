using System.Text;
using System.Text.Json;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>The first line of a segment: where it belongs. Immutable.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="Boot">The boot.</param>
/// <param name="Number">The number of the segment, from 1.</param>
/// <param name="Time">When it was opened, by the wall clock.</param>
/// <param name="Previous">The hash that its own builds on.</param>
/// <param name="PreviousRoot">The root of the segment before it, base64url; empty in the first.</param>
/// <param name="PreviousBoot">The instance's boot before this one.</param>
/// <param name="Sequence">The number of the line.</param>
/// <param name="IsConsistent">Whether its own hash is right if it builds on <paramref name="Previous"/>: then it was written so, by the writer or a forger.</param>
internal sealed record SegmentHeader(
    string Instance, Guid Boot, int Number, DateTimeOffset Time, string Previous, string PreviousRoot, Guid? PreviousBoot, long Sequence, bool IsConsistent)
{
    /// <summary>Reads a line; <see langword="null"/> if it is no such line. Whether its hash is right is not looked at.</summary>
    public static SegmentHeader? TryRead(ReadOnlySpan<byte> bytes)
    {
        if (!JournalLine.TryRead(bytes, out var line))
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(bytes.ToArray());
            var root = json.RootElement;
            var (before, previous) = (root.GetProperty("prevBoot").GetString(), Text(root, "prev"u8));
            return root.GetProperty("v").GetInt32() is not 1 || root.GetProperty("kind").GetString() is not "segment" ? null : new SegmentHeader(
                Text(root, "inst"u8),
                root.GetProperty("boot").GetGuid(),
                root.GetProperty("n").GetInt32(),
                root.GetProperty("ts").GetDateTimeOffset(),
                previous,
                Text(root, "prevRoot"u8),
                string.IsNullOrEmpty(before) ? null : Guid.ParseExact(before, "D"),
                line.Sequence,
                BuildsOn(previous, line));
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>The hash that its own builds on; zeros if that is none.</summary>
    public byte[] PreviousHash()
    {
        var hash = new byte[HashChain.HashBytes];
        HashChain.TryRead(Encoding.ASCII.GetBytes(Previous), hash);
        return hash;
    }

    /// <summary>The header of a segment; <see langword="null"/> if it has none that can be read.</summary>
    public static async ValueTask<SegmentHeader?> ReadAsync(SegmentFiles files, CancellationToken cancellationToken)
    {
        try
        {
            var stream = files.Open();
            await using (stream.ConfigureAwait(false))
            {
                var lines = new LineReader(stream, 2 << 10);
                do
                {
                    if (lines.TryRead(out var line))
                    {
                        return TryRead(line);
                    }
                }
                while (await lines.FillAsync(cancellationToken).ConfigureAwait(false));
                return null;
            }
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static string Text(JsonElement record, ReadOnlySpan<byte> name) => record.GetProperty(name).GetString() ?? throw new FormatException("It is null.");

    private static bool BuildsOn(string previous, in JournalLine line)
    {
        Span<byte> hash = stackalloc byte[HashChain.HashBytes];
        Span<byte> written = stackalloc byte[HashChain.HashBytes];
        return HashChain.TryRead(Encoding.ASCII.GetBytes(previous), hash) && HashChain.TryRead(line.HashText, written) && new HashChain(hash).Append(line.Covered).SequenceEqual(written);
    }
}
