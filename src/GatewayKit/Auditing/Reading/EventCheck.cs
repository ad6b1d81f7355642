using System.Buffers.Text;
using System.Globalization;
using System.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>What the lines of an instance say that matters to a verification: requests that began and did not end, ranges that were deleted, losses, clocks. Not thread-safe.</summary>
/// <param name="findings">Where findings go.</param>
internal sealed class EventCheck(Findings findings)
{
    private const int MostPlaces = 20;
    private readonly OpenRequests _open = new();
    private readonly List<(PrunedRange Range, long Line)> _pruned = [];
    private readonly List<(Guid Boot, int Segment, long Synced, long Line)> _givenUp = [];
    private readonly List<CrashReport> _crashes = [];
    private readonly byte[] _time = new byte[40];
    private int _timeLength;
    private Guid _boot;

    private static ReadOnlySpan<byte> TimeKey => ",\"ts\":\""u8;

    private static ReadOnlySpan<byte> SegmentKey => ",\"segment\":"u8;

    private static ReadOnlySpan<byte> EventKey => ",\"event\":\""u8;

    /// <summary>Requests that began.</summary>
    public long Requests => _open.Begun;

    /// <summary>What the journal says was cut off its segments after crashes.</summary>
    public IReadOnlyList<CrashReport> Crashes => _crashes;

    /// <summary>When the latest line was written, as it says; <see langword="null"/> if it does not.</summary>
    public DateTimeOffset? Latest => Time(_time.AsSpan(0, _timeLength));

    /// <summary>Goes on to the next line.</summary>
    public void Add(in JournalLine line, long number, FilePlace place)
    {
        if (LineFields.Text(line.Bytes, TimeKey) is { IsEmpty: false } time && time.Length <= _time.Length)
        {
            time.CopyTo(_time);
            _timeLength = time.Length;
        }

        var kind = LineFields.Kind(line.Bytes);
        if (kind.SequenceEqual("begin"u8))
        {
            _open.Begin(line, place);
        }
        else if (kind.SequenceEqual("end"u8))
        {
            _open.End(line.Bytes);
        }
        else if (kind.SequenceEqual("event"u8))
        {
            AddEvent(line.Bytes, number, place);
        }
    }

    /// <summary>Ends a boot.</summary>
    /// <param name="boot">The boot.</param>
    /// <param name="isLast">Whether it may still be running.</param>
    public void EndBoot(string boot, bool isLast)
    {
        if (_open.Count > 0)
        {
            var places = _open.Left.OrderBy(static place => place.File, StringComparer.Ordinal).ThenBy(static place => place.Line).Take(MostPlaces).ToArray();
            var list = string.Join(", ", places.Select(static place => $"{Path.GetFileName(place.File)}:{place.Line}"));
            findings.Note(AuditFindingCode.UnknownEnd, places[0], $"{_open.Count} requests of boot {boot} have no end{(isLast ? " yet" : string.Empty)}: {list}{(_open.Count > MostPlaces ? " …" : string.Empty)}.");
        }

        _open.Clear();
    }

    /// <summary>Begins a boot.</summary>
    public void BeginBoot(Guid boot) => _boot = boot;

    /// <summary>Whether the journal says, under a signature, that the disk of a segment failed, and not that it had a line before that.</summary>
    /// <param name="boot">The boot.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="first">The number of the first line that is missing.</param>
    /// <param name="signedLines">The lines of the instance that a signature covers.</param>
    public bool WasGivenUp(Guid boot, int segment, long first, long signedLines) =>
        _givenUp.Exists(one => one.Boot == boot && one.Segment == segment && one.Line < signedLines) && !_givenUp.Exists(one => one.Boot == boot && one.Segment == segment && one.Synced >= first);

    /// <summary>Whether the journal says, under a signature, that what is missing was deleted by its retention.</summary>
    /// <param name="isIt">What is looked for.</param>
    /// <param name="signedLines">The lines of the instance that a signature covers.</param>
    public PrunedRange? FindPruned(Predicate<PrunedRange> isIt, long signedLines) => _pruned.Find(one => one.Line < signedLines && isIt(one.Range)).Range;

    /// <summary>Reads a time as lines have it.</summary>
    public static DateTimeOffset? Time(ReadOnlySpan<byte> text) =>
        DateTimeOffset.TryParse(Encoding.ASCII.GetString(text), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;

    private void AddEvent(ReadOnlySpan<byte> line, long number, FilePlace place)
    {
        var name = LineFields.Text(line, EventKey);
        if (name.SequenceEqual(PrunedRange.Event))
        {
            if (PrunedRange.TryRead(line) is { } range)
            {
                _pruned.Add((range, number));
            }
        }
        else if (name.SequenceEqual("audit.void"u8))
        {
            _open.TakeBack(line);
        }
        else if (name.SequenceEqual("audit.degraded"u8))
        {
            if (SegmentOf(line) is { } segment)
            {
                _givenUp.Add((_boot, segment, LineFields.Number(line, ",\"syncedSeq\":"u8) ?? long.MinValue, number));
            }
        }
        else if (name.SequenceEqual("crash_report"u8))
        {
            if (CrashReport.TryRead(line, place) is { } report)
            {
                _crashes.Add(report);
            }
        }
        else if (name.SequenceEqual("clock_step"u8))
        {
            findings.Note(AuditFindingCode.ClockStep, place, "The wall clock was set: order is that of the lines, not of their times.");
        }
        else if (name.SequenceEqual("audit.lost"u8))
        {
            findings.Note(AuditFindingCode.LostRecords, place, "Records were lost here, as the line says.");
        }
        else if (name.SequenceEqual("integrity_violation"u8))
        {
            // A shipper names the sink.
            if (LineFields.Text(line, ",\"sink\":\""u8) is { IsEmpty: false } sink)
            {
                var what = LineFields.Number(line, ",\"checkpoint\":"u8) is null ? "records" : "checkpoints";
                findings.Violation(AuditFindingCode.ChangedCopy, place, $"The sink '{Encoding.UTF8.GetString(sink)}' had other {what} than the journal sent, as the line says: they were changed there, or here.");
            }
            else
            {
                findings.Violation(AuditFindingCode.DamagedSegment, place, "The journal itself found damage when it was opened, as the line says.");
            }
        }
    }

    private static int? SegmentOf(ReadOnlySpan<byte> line)
    {
        var at = line.IndexOf(SegmentKey);
        return at >= 0 && (line.IndexOf("write-failed"u8) >= 0 || line.IndexOf("sync-failed"u8) >= 0) && Utf8Parser.TryParse(line[(at + SegmentKey.Length)..], out int segment, out _) ? segment : null;
    }
}

/// <summary>What the journal says that a crash had left of a line, and that was cut off and kept.</summary>
/// <param name="Boot">The boot that crashed.</param>
/// <param name="Segment">The segment.</param>
/// <param name="Bytes">How many bytes; 0 if nothing was left.</param>
/// <param name="Sha256">Their hash, hexadecimal; empty if nothing was left.</param>
/// <param name="Place">Where it says so.</param>
internal sealed record CrashReport(Guid Boot, int Segment, long Bytes, string Sha256, FilePlace Place)
{
    /// <summary>Reads a line; <see langword="null"/> if it does not say all of that.</summary>
    public static CrashReport? TryRead(ReadOnlySpan<byte> line, FilePlace place) =>
        Utf8Parser.TryParse(LineFields.Text(line, ",\"of\":\""u8), out Guid boot, out _) && LineFields.Number(line, ",\"segment\":"u8) is { } segment && LineFields.Number(line, ",\"cutBytes\":"u8) is { } bytes
            ? new(boot, (int)segment, bytes, Encoding.ASCII.GetString(LineFields.Text(line, ",\"sha256\":\""u8)), place)
            : null;
}
