using System.Text.Json;

namespace GatewayKit.Auditing.Journal;

/// <summary>Lines that the journal writes of itself, and the beginning of all events. They are rare.</summary>
internal static class JournalLines
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Writes an event.</summary>
    /// <param name="entry">Where to.</param>
    /// <param name="time">The clock.</param>
    /// <param name="name">Its name, such as <c>audit.started</c>.</param>
    /// <param name="write">Writes what else is to be said.</param>
    public static void WriteEvent(JournalEntry entry, TimeProvider time, string name, Action<Utf8JsonWriter> write)
    {
        using var json = new Utf8JsonWriter(entry);
        json.WriteStartObject();
        json.WriteNumber("v"u8, 1);
        json.WriteString("kind"u8, "event"u8);
        json.WriteString("event"u8, name);
        json.WriteString("ts"u8, Microseconds(time.GetUtcNow()));
        json.WriteNumber("mono"u8, Nanoseconds(time, time.GetTimestamp()));
        write(json);
        json.Flush();
    }

    /// <summary>Writes the first line of a segment.</summary>
    /// <param name="entry">Where to.</param>
    /// <param name="time">The clock.</param>
    /// <param name="boot">The boot.</param>
    /// <param name="number">The number of the segment.</param>
    /// <param name="previousHash">The hash that its own hash builds on.</param>
    /// <param name="previousRoot">The root of the segment before; empty in the first one.</param>
    public static void WriteSegment(JournalEntry entry, TimeProvider time, JournalBoot boot, int number, ReadOnlySpan<byte> previousHash, string previousRoot)
    {
        Span<byte> hash = stackalloc byte[HashChain.TextBytes];
        HashChain.Write(previousHash, hash);
        using var json = new Utf8JsonWriter(entry);
        json.WriteStartObject();
        json.WriteNumber("v"u8, 1);
        json.WriteString("kind"u8, "segment"u8);
        json.WriteString("inst"u8, boot.Instance);
        json.WriteString("boot"u8, boot.Id);
        json.WriteNumber("n"u8, number);
        json.WriteString("ts"u8, Microseconds(time.GetUtcNow()));
        json.WriteString("prev"u8, hash);
        json.WriteString("prevRoot"u8, previousRoot);
        json.WriteString("prevBoot"u8, boot.Previous?.ToString("D") ?? string.Empty);
        json.Flush();
    }

    /// <summary>A time as lines have it: of the wall clock, to the microsecond.</summary>
    public static DateTime Microseconds(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMicrosecond), DateTimeKind.Utc);

    /// <summary>A timestamp as lines have it: nanoseconds of a clock that nobody sets. That of Linux counts them itself.</summary>
    public static long Nanoseconds(TimeProvider time, long timestamp) =>
        time.TimestampFrequency is NanosecondsPerSecond ? timestamp : (long)((Int128)timestamp * NanosecondsPerSecond / time.TimestampFrequency);
}
