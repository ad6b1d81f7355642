using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// Looks at what the boots before have left, and cuts off what a crash left of a line. Whenever it is killed, it does the same again: what is cut is first copied, and a boot that
/// has not told of its predecessor is looked at together with that one.
/// </summary>
internal sealed class JournalRecovery(string directory, string? alternate, string instance, IJournalFiles files)
{
    // Of the requests that had begun, as many ids as fit on a line.
    private const int MostIds = 64;

    // A request that runs longer than two segments take is told by whoever reads the whole journal.
    private const int SegmentsForIds = 2;

    private const int MostFirstLineBytes = 4 * 1024;

    private readonly List<(string Name, Action<Utf8JsonWriter> Write)> _reports = [];
    private readonly List<string> _damages = [];
    private readonly List<(string, int, int)> _crashes = [];

    /// <summary>The events to begin the new boot with.</summary>
    public IReadOnlyList<(string Name, Action<Utf8JsonWriter> Write)> Reports => _reports;

    /// <summary>The boots, by their ids, in which something was damaged that a crash does not damage.</summary>
    public IReadOnlyList<string> Damages => _damages;

    /// <summary>The boot before; <see langword="null"/> if there is none.</summary>
    public Guid? PreviousBoot { get; private set; }

    /// <summary>The last hash of the boot before; empty if there is none.</summary>
    public byte[] PreviousHash { get; private set; } = [];

    /// <summary>The signature of the last checkpoint of the boots before; empty if there is none.</summary>
    public string PreviousSignature { get; private set; } = string.Empty;

    /// <summary>The boots that ended as after a crash: how many bytes were cut off of a line, and how many requests had begun and not ended.</summary>
    public IReadOnlyList<(string Boot, int CutBytes, int Open)> Crashes => _crashes;

    /// <summary>Looks, and repairs.</summary>
    public void Run()
    {
        var boots = Boots().Select(DropUnbegun).Where(boot => Segments(boot).Length > 0).Select(boot => (Boot: boot, Head: HeadOf(boot))).ToArray();
        var heads = boots.Where(static one => one.Head is not null).ToDictionary(static one => one.Boot, static one => one.Head!.Value);
        foreach (var (boot, _) in boots.Where(static one => one.Head is null))
        {
            ReportDamage(boot, Segments(boot)[0], 0, -1);
        }

        // The one that no other follows. There are several only if somebody has taken one away: then the youngest.
        var followed = heads.Values.Select(static head => head.Previous).ToHashSet();
        var (isFirst, seen) = (true, new HashSet<Guid>());
        for (var boot = heads.Where(one => !followed.Contains(one.Key)).OrderByDescending(static one => one.Value.Time).Select(static one => (Guid?)one.Key).FirstOrDefault(); boot is { } id && heads.TryGetValue(id, out var head) && seen.Add(id); boot = head.Previous)
        {
            CutCheckpoint(id);
            var (hash, hasOnlyHead) = Look(id);
            if (isFirst)
            {
                (PreviousBoot, PreviousHash, isFirst) = (id, hash, false);
            }

            if (!hasOnlyHead)
            {
                break;
            }
        }

        _reports.Reverse();
        seen.Clear();
        for (var boot = PreviousBoot; boot is { } id && heads.TryGetValue(id, out var head) && seen.Add(id) && PreviousSignature.Length is 0; boot = head.Previous)
        {
            PreviousSignature = LastSignature(id);
        }
    }

    // A segment is made before its first line is written: killed in between, it says nothing, and must not hide the one before it. One of which something was signed has said something.
    private Guid DropUnbegun(Guid boot)
    {
        foreach (var segment in Segments(boot).Reverse().TakeWhile(static segment => segment.EndsWith(JournalPaths.Segment, StringComparison.Ordinal) && IsUnbegun(segment) && Checkpoints(segment).Length is 0))
        {
            // What is there of the line was told to nobody, and kept it would be what was cut off a segment that there is not.
            files.Delete(segment);
        }

        return boot;
    }

    // What is longer than a first line was more than one.
    private static bool IsUnbegun(string segment) => new FileInfo(segment).Length < MostFirstLineBytes && !File.ReadAllBytes(segment).Contains((byte)'\n');

    // Half a checkpoint, or one without its line end, was told to nobody either. It is behind the last whole one: of what is in front of that the one that follows says so.
    private void CutCheckpoint(Guid boot)
    {
        foreach (var path in Segments(boot).Reverse().Select(static segment => JournalPaths.Beside(segment, JournalPaths.Checkpoints)).Where(File.Exists))
        {
            var bytes = File.ReadAllBytes(path);
            var whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
            if (whole < bytes.Length)
            {
                using var file = files.Open(path);
                file.Truncate(whole);
            }

            // A whole one may be in memory only, and the next signature follows it.
            SyncFile(path);
            if (whole > 0)
            {
                return;
            }
        }
    }

    private IEnumerable<Guid> Boots() => Folders(null).Where(Directory.Exists).SelectMany(Directory.EnumerateDirectories)
        .Select(static path => Guid.TryParseExact(Path.GetFileName(path), "D", out var boot) ? boot : Guid.Empty).Where(static boot => boot != Guid.Empty).Distinct();

    private IEnumerable<string> Folders(Guid? boot) =>
        JournalPaths.Roots(directory, alternate).Select(root => boot is { } id ? JournalPaths.Boot(root, instance, id) : JournalPaths.Instance(root, instance));

    // Of one that was being compressed when the process was killed the first one: the other may be half of it.
    private string[] Segments(Guid boot) =>
    [
        .. Folders(boot).Where(Directory.Exists).SelectMany(Directory.EnumerateFiles).Where(static path => JournalPaths.NumberOf(path) is not null).Order(StringComparer.Ordinal).DistinctBy(JournalPaths.NumberOf).OrderBy(JournalPaths.NumberOf),
    ];

    private (DateTimeOffset Time, Guid? Previous)? HeadOf(Guid boot)
    {
        if (Segments(boot) is not [var first, ..])
        {
            return null;
        }

        try
        {
            using var reader = new StreamReader(OpenRead(first));
            using var json = JsonDocument.Parse(reader.ReadLine() ?? string.Empty);
            return (json.RootElement.GetProperty("ts").GetDateTimeOffset(), Guid.TryParse(json.RootElement.GetProperty("prevBoot").GetString(), out var previous) ? previous : null);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or InvalidDataException)
        {
            // It is damaged: one that ended before its first line was whole is gone by now.
            return null;
        }
    }

    private (byte[] Hash, bool HasOnlyHead) Look(Guid boot)
    {
        var segments = Segments(boot);
        var newest = segments[^1];
        var scan = SegmentScan.Read(ReadAll(newest));
        var (cut, isDamaged) = (scan.Bytes.Length - scan.GoodBytes, scan.HasLinesBehind || SignedSequence(newest) > scan.LastSequence);
        if (isDamaged)
        {
            ReportDamage(boot, newest, scan.GoodBytes, scan.LastSequence);
        }
        else if (cut > 0)
        {
            Cut(newest, scan);
        }

        Sync(segments);
        var torn = JournalPaths.Beside(newest, JournalPaths.Torn);
        if (!isDamaged && (File.Exists(torn) || !IsStop(scan)))
        {
            ReportCrash(boot, segments, scan, torn);
        }

        return (scan.LastHash, scan.Lines <= 1 && segments.Length is 1);
    }

    private void ReportDamage(Guid boot, string segment, int goodBytes, long lastSequence)
    {
        _damages.Add(boot.ToString("D"));
        _reports.Add(("integrity_violation", json =>
        {
            Describe(json, boot, segment);
            json.WriteNumber("goodBytes"u8, goodBytes);
            json.WriteNumber("lastSeq"u8, lastSequence);
        }));
    }

    private string LastSignature(Guid boot) => Segments(boot).Reverse().SelectMany(static segment => Checkpoints(segment).Reverse())
        .Select(static checkpoint => Base64Url.EncodeToString(checkpoint.Signature)).FirstOrDefault(string.Empty);

    // The copy first, and whole under its name: whenever this is killed, the bytes are in one place at least.
    private void Cut(string segment, SegmentScan scan)
    {
        var torn = JournalPaths.Beside(segment, JournalPaths.Torn);
        files.WriteWhole(torn, scan.Bytes.AsSpan(scan.GoodBytes));
        using var file = files.Open(segment);
        file.Truncate(scan.GoodBytes);
    }

    // What was written before a kill may be in memory only, and with the power it would go from under the boot that follows it. A checkpoint is made when the disk has the segments before it.
    private void Sync(string[] segments)
    {
        foreach (var segment in segments.Reverse())
        {
            if (segment.EndsWith(JournalPaths.Segment, StringComparison.Ordinal))
            {
                SyncFile(segment);
            }

            if (Checkpoints(segment).Length > 0)
            {
                return;
            }
        }
    }

    private void SyncFile(string path)
    {
        using (var file = files.OpenToSync(path))
        {
            file.Sync();
        }

        // The folders of boot and instance may be as new as the file.
        for (var level = 0; level < 3; level++)
        {
            path = Path.GetDirectoryName(path)!;
            files.SyncDirectory(path);
        }
    }

    private void ReportCrash(Guid boot, string[] segments, SegmentScan newest, string torn)
    {
        var open = new Dictionary<string, long>(StringComparer.Ordinal);
        var looked = segments[^Math.Min(SegmentsForIds, segments.Length)..];
        foreach (var segment in looked)
        {
            (segment == segments[^1] ? newest : SegmentScan.Read(ReadAll(segment))).ForEach(line => Follow(line.Span, open));
        }

        var cut = File.Exists(torn) ? File.ReadAllBytes(torn) : [];
        _crashes.Add((boot.ToString("D"), cut.Length, open.Count));
        _reports.Add(("crash_report", json =>
        {
            Describe(json, boot, segments[^1]);
            json.WriteNumber("lastSeq"u8, newest.LastSequence);
            json.WriteNumber("cutBytes"u8, cut.Length);
            json.WriteString("sha256"u8, cut.Length is 0 ? string.Empty : Convert.ToHexStringLower(SHA256.HashData(cut)));
            json.WriteNumber("fromSegment"u8, JournalPaths.NumberOf(looked[0])!.Value);
            json.WriteNumber("open"u8, open.Count);
            json.WriteStartArray("beginsWithoutEnd"u8);
            foreach (var id in open.Keys.Take(MostIds))
            {
                json.WriteStringValue(id);
            }

            json.WriteEndArray();
        }));
    }

    private static void Describe(Utf8JsonWriter json, Guid boot, string segment)
    {
        json.WriteString("of"u8, boot);
        json.WriteNumber("segment"u8, JournalPaths.NumberOf(segment)!.Value);
    }

    // What is under way, with the number of its beginning.
    private static void Follow(ReadOnlySpan<byte> line, Dictionary<string, long> open)
    {
        if (!JournalFields.TryRead(line, out var kind, out var id))
        {
            return;
        }

        if (kind is "begin" && id is not null && JournalLine.TryRead(line, out var begin))
        {
            open[id] = begin.Sequence;
        }
        else if (kind is "end" && id is not null)
        {
            open.Remove(id);
        }
        else if (kind is "event" && VoidLines.Read(line) is { Count: > 0 } refused)
        {
            foreach (var (request, _) in open.Where(one => refused.Contains(one.Value)).ToArray())
            {
                open.Remove(request);
            }
        }
    }

    private static bool IsStop(SegmentScan scan) => scan.LastLine.IndexOf("\"event\":\"audit.stopped\""u8) >= 0;

    // What was signed was on the disk.
    private static long SignedSequence(string segment) => Checkpoints(segment).Select(static checkpoint => checkpoint.Sequence).DefaultIfEmpty(-1).Max();

    // The last line may be half of one: it was signed, and nobody was told.
    private static (long Sequence, byte[] Signature)[] Checkpoints(string segment) => JournalPaths.Beside(segment, JournalPaths.Checkpoints) is var path && File.Exists(path)
        ?
        [
            .. File.ReadLines(path).Select(static line => (Checkpoint: Checkpoint.TryRead(Encoding.UTF8.GetBytes(line), out _, out var signature), Signature: signature))
                .Where(static one => one.Checkpoint is not null).Select(static one => (one.Checkpoint!.Sequence, one.Signature)),
        ]
        : [];

    private static byte[] ReadAll(string segment)
    {
        if (segment.EndsWith(JournalPaths.Segment, StringComparison.Ordinal))
        {
            return File.ReadAllBytes(segment);
        }

        using var file = OpenRead(segment);
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static Stream OpenRead(string segment) => segment.EndsWith(JournalPaths.CompressedSegment, StringComparison.Ordinal)
        ? new GZipStream(File.OpenRead(segment), CompressionMode.Decompress)
        : File.OpenRead(segment);
}
