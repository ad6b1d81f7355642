using System.Text.Json;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>
/// Follows the chain through the lines of one boot, and tells what was done to those that break it. A line is judged when the one behind it is known: whether that builds on it, or
/// goes on without it, tells a change from an insertion, a move or a gap. Not thread-safe.
/// </summary>
/// <param name="findings">Where findings go.</param>
internal sealed class ChainCheck(Findings findings)
{
    // Of more damage than this, kinds may be confused; none of it is missed.
    private const int MostRemembered = 256;

    private readonly Queue<byte[]> _known = new();
    private readonly List<Gap> _gaps = [];
    private readonly List<SuspectLine> _early = [];
    private readonly byte[] _text = new byte[HashChain.TextBytes];
    private HashChain _chain = new(new byte[HashChain.HashBytes]);
    private readonly byte[] _beforeLast = new byte[HashChain.HashBytes];
    private SuspectLine? _suspect;
    private FilePlace _lastPlace;

    private enum Fit
    {
        None,
        Written,
        Computed,
        Before,
        Known,
    }

    /// <summary>The number that the next line should have.</summary>
    public long Next { get; private set; }

    /// <summary>The number of the last line that was there, as far as it is known yet.</summary>
    public long LastSequence => _suspect is { } suspect && suspect.Sequence == Next ? Next : Next - 1;

    /// <summary>Whether the latest line is still to be judged by the one that follows.</summary>
    public bool IsInDoubt => _suspect is not null;

    /// <summary>The hash of the last line of the boot by its content, if that is not the one that stands there; else nothing.</summary>
    public byte[] LastByContent { get; private set; } = [];

    /// <summary>Whether what stands at the end of the boot is no line, so that nobody knows its last hash.</summary>
    public bool EndsInDamage { get; private set; }

    /// <summary>The hash that the next line should build on.</summary>
    public ReadOnlySpan<byte> Last => _chain.Last;

    /// <summary>Begins, or goes on behind what is missing.</summary>
    /// <param name="last">The hash that the next line builds on.</param>
    /// <param name="next">The number of the next line.</param>
    public void Begin(ReadOnlySpan<byte> last, long next)
    {
        Judge();
        _chain = new(last);
        Next = next;
    }

    /// <summary>Goes on to the next line.</summary>
    public void Add(in JournalLine line, FilePlace place)
    {
        if (_suspect is { } suspect)
        {
            if (!JudgeBy(suspect, line))
            {
                Suspect(line, place, suspect);
            }

            return;
        }

        Span<byte> before = stackalloc byte[HashChain.HashBytes];
        _chain.Last.CopyTo(before);
        HashChain.Write(_chain.Append(line.Covered), _text);
        if (line.HashText.SequenceEqual(_text) && line.Sequence == Next)
        {
            before.CopyTo(_beforeLast);
            _lastPlace = place;
            Next++;
            return;
        }

        _chain = new(before);
        Suspect(line, place, null);
    }

    /// <summary>Goes on past bytes that are no line.</summary>
    public void AddUnreadable(FilePlace place)
    {
        if (_suspect is not { IsReadable: false })
        {
            Judge();
            _suspect = new(place, -1, false, _chain.Last.ToArray(), null, null);
        }
    }

    /// <summary>Ends the boot: says what is missing in it.</summary>
    public void End()
    {
        (EndsInDamage, LastByContent) = (_suspect is { IsReadable: false }, _suspect?.Computed ?? []);
        Judge();
        foreach (var gap in _gaps)
        {
            // What stands somewhere else was moved; the rest is gone.
            var moved = _early.Where(line => line.Sequence >= gap.From && line.Sequence <= gap.To).ToArray();
            _early.RemoveAll(line => moved.Contains(line));
            Array.ForEach(moved, line => findings.Violation(AuditFindingCode.MovedLine, line.Place, $"Line {line.Sequence} of the boot stands too early."));
            if (gap.Missing - moved.Length > 0)
            {
                findings.Violation(AuditFindingCode.MissingLines, gap.Place, $"Between the lines {gap.From - 1} and {gap.To + 1} of the boot, {gap.Missing - moved.Length} of {gap.To - gap.From + 1} are missing.");
            }
        }

        foreach (var line in _early)
        {
            findings.Violation(
                line.Sequence < Next ? AuditFindingCode.RepeatedLine : AuditFindingCode.InsertedLine, line.Place, $"A line with the number {line.Sequence} was put in here: its neighbours build on one another.");
        }

        _gaps.Clear();
        _early.Clear();
        _known.Clear();
    }

    private void Suspect(in JournalLine line, FilePlace place, SuspectLine? judged)
    {
        if (!IsObject(line.Bytes))
        {
            // Two lines, say, whose line end was changed.
            _suspect = new(place, -1, false, _chain.Last.ToArray(), null, null);
            return;
        }

        var before = _chain.Last.ToArray();
        var computed = new HashChain(before).Append(line.Covered).ToArray();
        var written = new byte[HashChain.HashBytes];
        var isHash = HashChain.TryRead(line.HashText, written);
        var fits = computed.AsSpan().SequenceEqual(written) || (isHash && _known.Any(Builds(line)));

        // Nobody can say what a line builds on whose predecessor is gone.
        if (line.Sequence == Next && (fits || judged is { IsReadable: false }))
        {
            _chain = new(isHash ? written : computed);
            Next++;
            return;
        }

        // The line in front of it and this one have the same number and build on the same hash: one of them was never written.
        var isRival = judged is null && !before.AsSpan().SequenceEqual(written) && line.Sequence == Next - 1 && Builds(line)(_beforeLast);
        _suspect = new(place, line.Sequence, fits, before, computed, isHash ? written : null) { Rival = isRival ? _lastPlace : null };
        _chain = new(_suspect.Written ?? computed);
    }

    // What the line behind a suspect says of it. Whether that line itself is beyond suspicion; if not, the chain is at what it would build on.
    private bool JudgeBy(SuspectLine suspect, in JournalLine line)
    {
        var fit = FitOf(suspect, line);
        _suspect = null;
        var (number, isNext) = (suspect.Sequence, line.Sequence == Next);
        if (!suspect.IsReadable)
        {
            JudgeUnreadable(suspect, line, fit);
        }
        else if (suspect.Rival is { } rival)
        {
            findings.Violation(AuditFindingCode.InsertedLine, fit is Fit.Written ? rival : suspect.Place, $"A line with the number {number} was put in here: another one has that number too, and the next one builds on that.");
        }
        else if (number == Next)
        {
            if (isNext && fit is Fit.Before)
            {
                findings.Violation(AuditFindingCode.InsertedLine, suspect.Place, $"A line with the number {number} was put in here: the next one has that number too and builds on the one before.");
            }
            else
            {
                findings.Violation(AuditFindingCode.ChangedLine, suspect.Place, fit is Fit.Computed ? $"The hash of line {number} was changed." : $"Line {number} was changed: its hash is another one.");
                Next++;
            }
        }
        else if (!suspect.Fits && line.Sequence == Next + 1 && fit is Fit.Written or Fit.Computed)
        {
            findings.Violation(AuditFindingCode.ChangedLine, suspect.Place, $"Line {Next} was changed: it has the number {number}.");
            Next++;
        }
        else if (suspect.Fits || (line.Sequence == number + 1 && fit is Fit.Written))
        {
            Jump(suspect);
        }
        else
        {
            Extra(suspect);
        }

        Remember(suspect);
        _chain = new(fit switch
        {
            Fit.Written => suspect.Written,
            Fit.Computed => suspect.Computed,
            Fit.Before => suspect.Before,
            Fit.Known => _known.FirstOrDefault(Builds(line)) ?? suspect.Before,
            _ => suspect.Written ?? suspect.Computed ?? suspect.Before,
        });
        if (line.Sequence != Next || fit is Fit.None)
        {
            return false;
        }

        _chain.Append(line.Covered);
        Next++;
        return true;
    }

    private void JudgeUnreadable(SuspectLine suspect, in JournalLine line, Fit fit)
    {
        if (line.Sequence > Next && fit is not Fit.Before)
        {
            findings.Violation(AuditFindingCode.ChangedLine, suspect.Place, line.Sequence == Next + 1 ? $"Line {Next} was changed: it is no line any more." : $"The lines {Next} to {line.Sequence - 1} were changed: they are no lines any more.");
            Next = line.Sequence;
        }
        else
        {
            findings.Violation(AuditFindingCode.ForeignBytes, suspect.Place, "Bytes that are no line stand here.");
        }
    }

    // Without a line behind it.
    private void Judge()
    {
        if (_suspect is not { } suspect)
        {
            return;
        }

        _suspect = null;
        if (!suspect.IsReadable)
        {
            findings.Violation(AuditFindingCode.ForeignBytes, suspect.Place, "Bytes that are no line stand here.");
        }
        else if (suspect.Sequence == Next)
        {
            findings.Violation(AuditFindingCode.ChangedLine, suspect.Place, $"Line {Next} was changed: its hash is another one.");
            Next++;
        }
        else
        {
            Jump(suspect);
        }

        Remember(suspect);
    }

    private void Jump(SuspectLine suspect)
    {
        if (suspect.Sequence < Next)
        {
            Late(suspect);
            return;
        }

        _gaps.Add(new(Next, suspect.Sequence - 1, suspect.Place));
        Next = suspect.Sequence + 1;
    }

    private void Extra(SuspectLine suspect)
    {
        if (suspect.Sequence < Next)
        {
            Late(suspect);
        }
        else if (_early.Count < MostRemembered)
        {
            _early.Add(suspect);
        }
        else
        {
            findings.Violation(AuditFindingCode.InsertedLine, suspect.Place, $"A line with the number {suspect.Sequence} stands where line {Next} should.");
        }
    }

    private void Late(SuspectLine suspect)
    {
        if (_gaps.Find(gap => suspect.Sequence >= gap.From && suspect.Sequence <= gap.To && gap.Missing > 0) is { } gap)
        {
            gap.Missing--;
            findings.Violation(AuditFindingCode.MovedLine, suspect.Place, $"Line {suspect.Sequence} of the boot stands too late.");
        }
        else
        {
            findings.Violation(AuditFindingCode.RepeatedLine, suspect.Place, $"There is another line with the number {suspect.Sequence} in front of this one.");
        }
    }

    private void Remember(SuspectLine suspect)
    {
        foreach (var hash in (ReadOnlySpan<byte[]?>)[suspect.Before, suspect.Written])
        {
            if (hash is not null)
            {
                _known.Enqueue(hash);
            }
        }

        while (_known.Count > MostRemembered)
        {
            _known.Dequeue();
        }
    }

    private Fit FitOf(SuspectLine suspect, in JournalLine line)
    {
        var builds = Builds(line);
        return suspect.Written is { } written && builds(written) ? Fit.Written
            : suspect.Computed is { } computed && builds(computed) ? Fit.Computed
            : builds(suspect.Before) ? Fit.Before
            : _known.Any(builds) ? Fit.Known
            : Fit.None;
    }

    private static Func<byte[], bool> Builds(in JournalLine line)
    {
        var (covered, written) = (line.Covered.ToArray(), new byte[HashChain.HashBytes]);
        return HashChain.TryRead(line.HashText, written) ? before => new HashChain(before).Append(covered).SequenceEqual(written) : static _ => false;
    }

    private static bool IsObject(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var json = new Utf8JsonReader(bytes);
            while (json.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private sealed class Gap(long from, long to, FilePlace place)
    {
        public long From => from;

        public long To => to;

        public FilePlace Place => place;

        public long Missing { get; set; } = to - from + 1;
    }

    private sealed record SuspectLine(FilePlace Place, long Sequence, bool Fits, byte[] Before, byte[]? Computed, byte[]? Written)
    {
        public bool IsReadable => Sequence >= 0;

        /// <summary>The line in front of it, if only one of them can have been written.</summary>
        public FilePlace? Rival { get; init; }
    }
}
