using System.Buffers.Text;
using System.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>Verifies all boots of an instance, one behind the other. Not thread-safe.</summary>
internal sealed class InstanceCheck
{
    private readonly InstanceFolder _instance;
    private readonly AnchorSet _anchors;
    private readonly Findings _findings;
    private readonly AuditVerificationOptions _options;
    private readonly ChainCheck _chain;
    private readonly CheckpointList _checkpoints;
    private readonly EventCheck _events;
    private readonly SegmentCheck _segments;
    private readonly List<Hole> _holes = [];
    private readonly List<Unexplained> _unexplained = [];

    public InstanceCheck(InstanceFolder instance, SignatureCheck signatures, AnchorSet anchors, Findings findings, VerificationWork work, AuditVerificationOptions options)
    {
        (_instance, _anchors, _findings, _options) = (instance, anchors, findings, options);
        (_chain, _checkpoints, _events) = (new(findings), new(signatures, findings), new(findings));
        _segments = new(findings, _chain, _events, work);
    }

    public async Task<AuditInstanceVerification> RunAsync(CancellationToken cancellationToken)
    {
        var boots = await KnownBoot.OrderAsync(_instance, cancellationToken).ConfigureAwait(false);
        KnownBoot? before = null;
        var violations = _findings.Violations;
        var (last, segments) = (Array.Empty<byte>(), 0L);
        foreach (var boot in boots)
        {
            if (boot.Header is { } header)
            {
                CheckStart(boot, header, before, last, boots);
            }
            else
            {
                // What its first line says is not to be relied on: it is held against what it should say.
                _chain.Begin(HashChain.Genesis(_instance.Name, boot.Folder.Id, last), 0);
            }

            segments += await CheckSegmentsAsync(boot, isLast: ReferenceEquals(boot, boots[^1]), cancellationToken).ConfigureAwait(false);
            (before, last) = (boot, _chain.Last.ToArray());
        }

        _checkpoints.End();
        Explain();
        ExplainFailures();
        await new TornCheck(_events, _findings).RunAsync(boots, cancellationToken).ConfigureAwait(false);
        Missing(boots);
        Orphans(boots);
        return new()
        {
            Instance = _instance.Name,
            Boots = boots.Count,
            Segments = segments,
            Lines = _segments.Lines,
            Requests = _events.Requests,
            Checkpoints = _checkpoints.Count,
            UnsignedLines = CheckUnsigned(boots, isViolated: _findings.Violations > violations),
            SignedAt = _segments.SignedAt,
            LastBoot = before?.Folder.Id,
            LastSequence = before is null ? null : _chain.LastSequence,
            LastHash = before is null ? null : Base64Url.EncodeToString(last),
        };
    }

    private void CheckStart(KnownBoot boot, SegmentHeader header, KnownBoot? before, byte[] last, IReadOnlyList<KnownBoot> all)
    {
        var place = new FilePlace(boot.First.File!, 1);
        var follows = header.PreviousBoot == before?.Folder.Id;
        if (!follows)
        {
            if (header.PreviousBoot is { } claimed && all.All(one => one.Folder.Id != claimed))
            {
                _holes.Add(new(place, claimed, 0, header, $"Boot {claimed}, which this one followed, is missing."));
            }
            else
            {
                _findings.Violation(AuditFindingCode.ForkedBoot, place, header.PreviousBoot is { } forked ? $"This boot claims to follow boot {forked}, which another one follows." : "This boot claims to be the first of its instance, and another one does too.");
            }

            _checkpoints.Skip();
        }

        if (header.Number is 1 && (follows || header.PreviousBoot is null) && !(follows && _chain.EndsInDamage)
            && !Begins(header, header.PreviousBoot is null ? [] : last) && !(follows && _chain.LastByContent.Length > 0 && Begins(header, _chain.LastByContent)))
        {
            _findings.Violation(AuditFindingCode.CutTail, place, before is null ? "This boot does not begin as the first one of its instance does." : $"This boot followed other lines than those at the end of boot {before.Folder.Id}: lines are missing there, or were written anew.");
            _checkpoints.Skip();
        }

        _chain.Begin(header.PreviousHash(), header.Number is 1 ? 0 : header.Sequence);
    }

    private bool Begins(SegmentHeader header, byte[] last) => Base64Url.EncodeToString(HashChain.Genesis(_instance.Name, header.Boot, last)) == header.Previous;

    private async Task<int> CheckSegmentsAsync(KnownBoot boot, bool isLast, CancellationToken cancellationToken)
    {
        var (expected, count, root, all) = (1, 0, (string?)string.Empty, boot.Folder.Segments);
        _events.BeginBoot(boot.Folder.Id);
        foreach (var files in all)
        {
            var isNewest = ReferenceEquals(files, all[^1]);
            var header = files.File is null ? null : await SegmentHeader.ReadAsync(files, cancellationToken).ConfigureAwait(false);
            if (files.File is not null && files.Number > expected)
            {
                _holes.Add(new(new(files.File, 1), boot.Folder.Id, files.Number - 1, header, files.Number - 1 == expected ? $"Segment {expected} is missing." : $"The segments {expected} to {files.Number - 1} are missing."));
                _chain.Begin(header?.PreviousHash() ?? _chain.Last, header?.Sequence ?? _chain.Next);
                _checkpoints.Skip();
                root = null;
            }
            else if (count > 0 && files.File is not null && !_chain.IsInDoubt && header is { IsConsistent: true } && header.Sequence > _chain.LastSequence + 1)
            {
                _unexplained.Add(new(AuditFindingCode.MissingLines, boot.Folder.Id, files.Number - 1, _chain.LastSequence + 1, new(files.File, 1), $"The lines {_chain.LastSequence + 1} to {header.Sequence - 1} are missing at the end of segment {files.Number - 1}."));
                _chain.Begin(header.PreviousHash(), header.Sequence);
                root = null;
            }

            var words = files.Checkpoints is { } path
                ? await _checkpoints.ReadAsync(path, _instance.Name, boot.Folder.Id, files.Number, isLast, cancellationToken).ConfigureAwait(false)
                : [];
            if (files.File is null)
            {
                continue;
            }

            var violations = _findings.Violations;
            CheckHeader(header, files, boot, root);
            var anchors = _anchors.Take(_instance.Name, boot.Folder.Id, files.Number);
            await _segments.RunAsync(files, anchors.Count is 0 ? words : [.. words.Concat(anchors).OrderBy(static word => word.Checkpoint.Count)], isLast && isNewest, cancellationToken).ConfigureAwait(false);
            if (_segments.Rest is { } rest)
            {
                _unexplained.Add(new(AuditFindingCode.ForeignBytes, boot.Folder.Id, files.Number, _chain.LastSequence + 1, rest.Place, rest.Sentence));
            }

            root = violations == _findings.Violations ? _segments.Root : null;
            expected = files.Number + 1;
            count++;
            if (!await files.AreSameAsync(cancellationToken).ConfigureAwait(false))
            {
                _findings.Violation(AuditFindingCode.DamagedSegment, new(files.Compressed!), $"Segment {files.Number} lies here twice, and the compressed file says something else than the other one.");
            }
        }

        _chain.End();
        _events.EndBoot(boot.Folder.Id.ToString("D"), isLast);
        OnlyCheckpoints(boot, expected);
        return count;
    }

    private void CheckHeader(SegmentHeader? header, SegmentFiles files, KnownBoot boot, string? root)
    {
        // Of one that was changed, that is what there is to say.
        if (header is not { IsConsistent: true })
        {
            return;
        }

        var place = new FilePlace(files.File!, 1);
        if (header.Instance != _instance.Name || header.Boot != boot.Folder.Id || header.Number != files.Number)
        {
            _findings.Violation(AuditFindingCode.WrongHeader, place, $"This file says that it is segment {header.Number} of boot {header.Boot} of '{header.Instance}', and lies where another one should.");
        }
        else if (boot.Header is { } first && header.PreviousBoot != first.PreviousBoot)
        {
            _findings.Violation(AuditFindingCode.WrongHeader, place, "This segment says something else of the boot before than the first one does.");
        }
        else if (root is not null && header.PreviousRoot != root)
        {
            _findings.Violation(AuditFindingCode.WrongHeader, place, "The segment before this one is not the one that this one says it followed.");
        }
    }

    // A segment whose checkpoints are still there, behind the last one that is there itself; and anchors of such.
    private void OnlyCheckpoints(KnownBoot boot, int expected)
    {
        foreach (var files in boot.Folder.Segments.Where(files => files.File is null && files.Number >= expected))
        {
            _findings.Violation(AuditFindingCode.MissingSegment, new(files.Checkpoints ?? files.Torn!), $"Segment {files.Number} is missing: other files of it are still there.");
        }

        foreach (var anchor in _anchors.Take(_instance.Name, boot.Folder.Id).Where(anchor => anchor.Checkpoint.Segment >= expected))
        {
            _findings.Violation(AuditFindingCode.CutTail, anchor.Place, $"The anchor was signed over lines up to number {anchor.Checkpoint.Sequence} of segment {anchor.Checkpoint.Segment} of boot {boot.Folder.Id}, and the last one that is there has number {_chain.LastSequence}.");
        }
    }

    private void Explain()
    {
        foreach (var hole in _holes)
        {
            var range = hole.Header is { } header ? _events.FindPruned(range => hole.IsExplainedBy(range, header, _instance.Name), _segments.SignedLines) : null;
            if (range is not null)
            {
                _findings.Note(AuditFindingCode.Pruned, hole.Place, $"{hole.Sentence} The journal's retention deleted it, which is recorded and signed.");
            }
            else
            {
                _findings.Violation(hole.Segment is 0 ? AuditFindingCode.MissingBoot : AuditFindingCode.MissingSegment, hole.Place, hole.Sentence);
            }
        }
    }

    // The disk of a segment may have failed: then the journal went on in the next one, and says so.
    private void ExplainFailures()
    {
        foreach (var (code, boot, segment, first, place, sentence) in _unexplained)
        {
            if (_events.WasGivenUp(boot, segment, first, _segments.SignedLines))
            {
                _findings.Note(AuditFindingCode.GivenUpSegment, place, $"{sentence} The disk failed there, which is recorded and signed.");
            }
            else
            {
                _findings.Violation(code, place, sentence);
            }
        }
    }

    private void Missing(IReadOnlyList<KnownBoot> boots)
    {
        // Boots in front of what retention has left are not expected any more.
        var earliest = boots.Count is 0 ? null : boots[0].Header?.Time;
        var isPruned = _holes.Exists(static hole => hole.Segment is 0) && _findings.Counts.ContainsKey(AuditFindingCode.Pruned);
        foreach (var boot in _anchors.Left.Where(word => word.Checkpoint.Instance == _instance.Name).GroupBy(static word => word.Checkpoint.Boot).ToArray())
        {
            var anchor = boot.MaxBy(static word => word.Checkpoint.Sequence)!;
            _anchors.Take(_instance.Name, boot.Key);
            if (!isPruned || anchor.Checkpoint.Time >= earliest)
            {
                _findings.Violation(AuditFindingCode.MissingBoot, anchor.Place, $"Boot {boot.Key} of '{_instance.Name}' is missing: it had a line with number {anchor.Checkpoint.Sequence}.");
            }
        }
    }

    // Boots of which only small files are left.
    private void Orphans(IReadOnlyList<KnownBoot> boots)
    {
        var known = boots.Select(static boot => boot.Folder.Id).ToHashSet();
        foreach (var files in _instance.Boots.Where(boot => !known.Contains(boot.Id)).SelectMany(static boot => boot.Segments))
        {
            _findings.Violation(AuditFindingCode.MissingSegment, new(files.Checkpoints ?? files.Torn!), $"Segment {files.Number} is missing: other files of it are still there.");
        }
    }

    private long CheckUnsigned(IReadOnlyList<KnownBoot> boots, bool isViolated)
    {
        var unsigned = _segments.Lines - _segments.SignedLines;
        if (unsigned is 0)
        {
            return 0;
        }

        var sentence = $"No signature covers the last {unsigned} lines of '{_instance.Name}'.";
        if (TooMuchOf(unsigned, boots, isViolated) is { } why)
        {
            _findings.Violation(AuditFindingCode.UnsignedEnd, _segments.FirstUnsigned, $"{sentence} {why}");
        }
        else
        {
            _findings.Note(AuditFindingCode.UnsignedEnd, _segments.FirstUnsigned, sentence);
        }

        return unsigned;
    }

    // Whoever has no key writes any times, and any number of lines: neither alone says how much it is.
    private string? TooMuchOf(long unsigned, IReadOnlyList<KnownBoot> boots, bool isViolated)
    {
        if (_options.MostUnsigned == TimeSpan.Zero || unsigned > _options.MostUnsignedLines)
        {
            return $"At most {(_options.MostUnsigned == TimeSpan.Zero ? 0 : _options.MostUnsignedLines)} may be without.";
        }

        if (_segments.SignedAt is null)
        {
            // Where checkpoints are wrong, that is what there is to say. One that has just begun for the first time has none yet; by a clock that is not the journal's.
            var isYoung = boots[0].Header is { } first && (TimeProvider.System.GetUtcNow() - first.Time).Duration() <= _options.MostUnsigned;
            return isViolated || isYoung ? null : "None covers any line of it.";
        }

        var span = (_segments.LatestUnsignedAt - _segments.SignedAt) ?? TimeSpan.MaxValue;
        return span > _options.MostUnsigned ? $"They reach over {span}." : null;
    }

    private sealed record Unexplained(AuditFindingCode Code, Guid Boot, int Segment, long First, FilePlace Place, string Sentence);

    // What is missing in front of a segment; number 0 of a boot that is missing whole.
    private sealed record Hole(FilePlace Place, Guid Boot, int Segment, SegmentHeader? Header, string Sentence)
    {
        public bool IsExplainedBy(PrunedRange range, SegmentHeader header, string instance)
        {
            Span<byte> last = stackalloc byte[HashChain.HashBytes];
            if (range.Boot != Boot || !HashChain.TryRead(Encoding.ASCII.GetBytes(range.LastHash), last))
            {
                return false;
            }

            if (Segment > 0)
            {
                return range.To == Segment && range.LastHash == header.Previous && range.LastRoot == header.PreviousRoot && range.LastSequence + 1 == header.Sequence;
            }

            // Where the first segments of this boot are missing too, its own gap says so.
            return header.Number > 1 || Base64Url.EncodeToString(HashChain.Genesis(instance, header.Boot, last)) == header.Previous;
        }
    }
}
