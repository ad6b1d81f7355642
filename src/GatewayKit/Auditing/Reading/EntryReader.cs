using System.Runtime.CompilerServices;
using System.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>
/// The entries of a journal that are asked for: beginnings wait for their ends, which come behind them in the same boot. What waits is what was under way at one time. Not thread-safe.
/// </summary>
internal sealed class EntryReader(JournalFolder folder, AuditQuery query)
{
    // How far the wall clock may have been set: times of lines are those of the wall clock.
    private static readonly TimeSpan MostClockStep = TimeSpan.FromHours(2);

    private readonly EntryFilter _filter = new(query);

    // Those that are not asked for have no line here; where they began matters for their ends, which are not alone.
    private readonly Dictionary<(ulong, ulong), (int Segment, AuditLine? Line)> _open = [];
    private readonly List<AuditEntry> _ready = [];
    private AuditCursor? _after = query.Cursor is { } text ? AuditCursor.Parse(text) : null;

    // Where the oldest one began that has ended since entries were told last, and is not told.
    private int _oldestPassedOver = int.MaxValue;
    private string _instance = string.Empty;
    private Guid _boot;

    /// <inheritdoc cref="EntryFilter.HasConcealed"/>
    public bool HasConcealed => _filter.HasConcealed;

    private static ReadOnlySpan<byte> Id => ",\"rid\":\""u8;

    /// <summary>Reads on. Behind each entry stands where a page ends that ends with it.</summary>
    public async IAsyncEnumerable<(AuditEntry Entry, AuditCursor Cursor)> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var instance in folder.Instances)
        {
            if ((query.Instance is not null && query.Instance != instance.Name) || (_after is { } after && string.CompareOrdinal(instance.Name, after.Instance) < 0))
            {
                continue;
            }

            _instance = instance.Name;
            var boots = await KnownBoot.OrderAsync(instance, cancellationToken).ConfigureAwait(false);
            if (_after is { } last && (last.Instance != instance.Name || !boots.Any(boot => boot.Folder.Id == last.Boot)))
            {
                // Retention has deleted it meanwhile, and with it what came before: all that is left comes after it.
                _after = null;
            }

            foreach (var boot in boots)
            {
                if (_after is { } cursor && cursor.Instance == instance.Name && cursor.Boot != boot.Folder.Id)
                {
                    continue;
                }

                _boot = boot.Folder.Id;
                await foreach (var entry in ReadBootAsync(boot.Folder, cancellationToken).ConfigureAwait(false))
                {
                    yield return entry;
                }

                _after = null;
            }
        }
    }

    private async IAsyncEnumerable<(AuditEntry, AuditCursor)> ReadBootAsync(BootFolder boot, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _open.Clear();
        var segments = boot.Segments.Where(files => files.File is not null && !(_after is { } after && files.Number < after.Segment)).ToArray();
        for (var i = 0; i < segments.Length; i++)
        {
            if (await IsOutsideAsync(segments, i, cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            var stream = segments[i].Open();
            await using (stream.ConfigureAwait(false))
            {
                var lines = new LineReader(stream, 128 << 10);
                do
                {
                    while (lines.TryRead(out var line))
                    {
                        Add(line, segments[i].Number, lines.Number - 1);
                    }

                    foreach (var ready in Take(isRest: false, segments[i].Number))
                    {
                        yield return ready;
                    }
                }
                while (await lines.FillAsync(cancellationToken).ConfigureAwait(false));
            }
        }

        if (_filter.MatchesUnknownEnd)
        {
            _ready.AddRange(_open.Values.Select(static one => one.Line).OfType<AuditLine>().OrderBy(static line => line.Sequence).Select(line => new AuditEntry { Instance = _instance, Boot = _boot, Begin = line }));
            foreach (var ready in Take(isRest: true, 0))
            {
                yield return ready;
            }
        }
    }

    // Whether all of a segment lies before or after what is asked for. Ends that come later belong to what began in it, and are looked for while anything waits for one.
    private async ValueTask<bool> IsOutsideAsync(SegmentFiles[] segments, int at, CancellationToken cancellationToken)
    {
        if (query.From is { } from && at + 1 < segments.Length
            && await SegmentHeader.ReadAsync(segments[at + 1], cancellationToken).ConfigureAwait(false) is { } next && next.Time < from - MostClockStep)
        {
            return true;
        }

        return query.To is { } to && !_open.Values.Any(static one => one.Line is not null)
            && await SegmentHeader.ReadAsync(segments[at], cancellationToken).ConfigureAwait(false) is { } own && own.Time > to + MostClockStep;
    }

    private IEnumerable<(AuditEntry, AuditCursor)> Take(bool isRest, int segment)
    {
        // From the segment of the oldest one under way: so the next page has its beginning too, and no end is alone there that is not alone here. Of those without an end, the first that is told has it.
        var oldest = _ready.Count is 0 ? segment
            : _open.Values.Select(static one => one.Segment).Concat(_ready.Select(static entry => entry.Begin?.Segment).OfType<int>()).Append(_oldestPassedOver).Append(segment is 0 ? int.MaxValue : segment).Min();
        _oldestPassedOver = int.MaxValue;
        foreach (var entry in _ready)
        {
            var sequence = (entry.End ?? entry.Begin)!.Sequence;
            if (!(_after is { } after && after.Includes(isRest, sequence)))
            {
                yield return (entry, new(_instance, _boot, oldest, isRest, sequence));
            }
        }

        _ready.Clear();
    }

    private void Add(ReadOnlySpan<byte> bytes, int segment, long index)
    {
        if (!JournalLine.TryRead(bytes, out var line))
        {
            return;
        }

        var kind = LineFields.Kind(bytes);
        if (kind.SequenceEqual("begin"u8))
        {
            // One that was written again is the same request.
            _open.TryAdd(SipHash.Process.Hash(LineFields.Text(bytes, Id)), (segment, _filter.MatchesBegin(bytes) ? Line(line, segment, index) : null));
        }
        else if (kind.SequenceEqual("end"u8))
        {
            AddEnd(line, segment, index);
        }
        else if (kind.SequenceEqual("event"u8))
        {
            TakeBack(bytes);
            if (_filter.MatchesEvent(bytes))
            {
                _ready.Add(new() { Instance = _instance, Boot = _boot, Begin = Line(line, segment, index) });
            }
        }
    }

    private void AddEnd(in JournalLine line, int segment, long index)
    {
        if (_open.Remove(SipHash.Process.Hash(LineFields.Text(line.Bytes, Id)), out var begin))
        {
            if (begin.Line is not null && _filter.MatchesEnd(line.Bytes))
            {
                _ready.Add(new() { Instance = _instance, Boot = _boot, Begin = begin.Line, End = Line(line, segment, index) });
            }
            else
            {
                _oldestPassedOver = Math.Min(_oldestPassedOver, begin.Segment);
            }
        }
        else if (!IsRepeated(line.Bytes) && _filter.MatchesLoneEnd(line.Bytes))
        {
            _ready.Add(new() { Instance = _instance, Boot = _boot, End = Line(line, segment, index) });
        }
    }

    private void TakeBack(ReadOnlySpan<byte> bytes)
    {
        if (VoidLines.Read(bytes) is not { Count: > 0 } refused)
        {
            return;
        }

        foreach (var (id, _) in _open.Where(one => one.Value.Line is { } begin && refused.Contains(begin.Sequence)).ToArray())
        {
            _open.Remove(id);
        }
    }

    // Its first copy was counted.
    private static bool IsRepeated(ReadOnlySpan<byte> bytes) => bytes.IndexOf(",\"dup\":true,\"seq\":"u8) >= 0;

    private static AuditLine Line(in JournalLine line, int segment, long index) => new(segment, index, line.Sequence, Encoding.UTF8.GetString(line.Bytes));
}
