using System.Text.Json;

namespace GatewayKit.Auditing.Reading;

/// <summary>Lines of a segment that was given up which do not count, as an event <c>audit.void</c> says: their requests were refused after all.</summary>
internal static class VoidLines
{
    public static ReadOnlySpan<byte> Event => "audit.void"u8;

    /// <summary>The numbers of these lines.</summary>
    public static IReadOnlySet<long> Read(ReadOnlySpan<byte> line)
    {
        try
        {
            using var json = JsonDocument.Parse(line.ToArray());
            return json.RootElement.GetProperty("seqs").EnumerateArray().Select(static seq => seq.GetInt64()).ToHashSet();
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return new HashSet<long>();
        }
    }
}
