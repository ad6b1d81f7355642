using System.Buffers.Text;
using System.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>Goes through the lines of segments: chain, tree, and what was signed of them. One for all segments of an instance, in their order. Not thread-safe.</summary>
/// <param name="findings">Where findings go.</param>
/// <param name="chain">The chain of the boot.</param>
/// <param name="events">What the lines say.</param>
/// <param name="work">How far all of it is.</param>
internal sealed class SegmentCheck(Findings findings, ChainCheck chain, EventCheck events, VerificationWork work)
{
    private const int LeastBufferBytes = 4 << 10;
    private const int MostBufferBytes = 256 << 10;

    private readonly MerkleTree _tree = new();
    private bool _hasMismatch, _isClosed;

    /// <summary>The lines of the instance up to the last one that a signature covers.</summary>
    public long SignedLines { get; private set; }

    /// <summary>The lines of the instance.</summary>
    public long Lines { get; private set; }

    /// <summary>When the last matching checkpoint was signed.</summary>
    public DateTimeOffset? SignedAt { get; private set; }

    /// <summary>Where the first line is that no signature covers.</summary>
    public FilePlace FirstUnsigned { get; private set; }

    /// <summary>When it was written, as it says.</summary>
    public DateTimeOffset? FirstUnsignedAt { get; private set; }

    /// <summary>The latest time that a line says which no signature covers.</summary>
    public DateTimeOffset? LatestUnsignedAt { get; private set; }

    /// <summary>The root of the segment that was read last, base64url.</summary>
    public string Root { get; private set; } = string.Empty;

    /// <summary>What stands behind the last line of the segment that was read last, and is none.</summary>
    public (FilePlace Place, string Sentence)? Rest { get; private set; }

    /// <summary>Reads a segment.</summary>
    /// <param name="files">Its files.</param>
    /// <param name="words">What was signed of it, by number.</param>
    /// <param name="mayGrow">Whether it may be the one that is written.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(SegmentFiles files, IReadOnlyCollection<SignedWord> words, bool mayGrow, CancellationToken cancellationToken)
    {
        _tree.Clear();
        (_hasMismatch, _isClosed, Rest) = (false, false, null);
        var (left, at) = (new Queue<SignedWord>(words), 0L);
        try
        {
            var stream = files.Open();
            await using (stream.ConfigureAwait(false))
            {
                var lines = new LineReader(stream, (int)Math.Clamp(VerificationWork.LengthOf(files.File!), LeastBufferBytes, MostBufferBytes));
                do
                {
                    while (lines.TryRead(out var line))
                    {
                        Add(line, new(files.File!, lines.Number, lines.Offset), left);
                    }

                    at = lines.NextOffset;
                    work.Report(files.Plain is null ? 0 : at, Lines);
                }
                while (await lines.FillAsync(cancellationToken).ConfigureAwait(false));
                End(lines, files.File!, mayGrow && !_isClosed);
            }
        }
        catch (InvalidDataException exception)
        {
            findings.Violation(AuditFindingCode.DamagedSegment, new(files.File!, 0, at), $"The segment cannot be decompressed: {exception.Message}.");
        }

        EndWords(left);
        Span<byte> root = stackalloc byte[HashChain.HashBytes];
        _tree.GetRoot(root);
        Root = Base64Url.EncodeToString(root);
        work.EndSegment(files);
    }

    private void Add(ReadOnlySpan<byte> bytes, FilePlace place, Queue<SignedWord> left)
    {
        var isLine = JournalLine.TryRead(bytes, out var line);
        if (isLine)
        {
            chain.Add(line, place);
            events.Add(line, Lines, place);
        }
        else
        {
            chain.AddUnreadable(place);
        }

        _tree.Add(bytes);
        if (Lines++ == SignedLines)
        {
            (FirstUnsigned, FirstUnsignedAt, LatestUnsignedAt) = (place, events.Latest, null);
        }

        if (left.Count is 0)
        {
            AddUnsigned(place);
        }

        while (left.TryPeek(out var word) && word.Checkpoint.Count <= _tree.Count)
        {
            left.Dequeue();
            Compare(word, line, isLine);
        }
    }

    // Behind the last checkpoint of its segment. What the last line says of its time is not to be relied on, and is not all that counts.
    private void AddUnsigned(FilePlace place)
    {
        AddUnsignedTime();
        if (_isClosed)
        {
            _isClosed = false;
            findings.Violation(AuditFindingCode.InsertedLine, place, "The checkpoint in front of this line says that it is the last of its segment: whoever added it, and any behind it, could not sign them.");
        }
    }

    private void AddUnsignedTime() => LatestUnsignedAt = LatestUnsignedAt is { } latest && !(events.Latest > latest) ? latest : events.Latest;

    private void Compare(SignedWord word, in JournalLine line, bool isLine)
    {
        Span<byte> root = stackalloc byte[HashChain.HashBytes];
        _tree.GetRoot(root);
        var said = word.Checkpoint;
        if (isLine && said.Count == _tree.Count && said.Sequence == line.Sequence && Encoding.ASCII.GetString(line.HashText) == said.Hash && Base64Url.EncodeToString(root) == said.Root)
        {
            (SignedLines, SignedAt) = (Lines, said.Time);
            _isClosed |= said.IsLast;
        }
        else
        {
            Mismatch(word, $"{(word.IsAnchor ? "The anchor" : "The checkpoint")} was signed over {said.Count} lines up to number {said.Sequence}, and these are others: the journal was written anew from some line in front of there, or this one was.");
        }
    }

    private void Mismatch(SignedWord word, string sentence)
    {
        AddUnsignedTime();

        // Those behind it do not fit either.
        if (!_hasMismatch)
        {
            findings.Violation(AuditFindingCode.CheckpointMismatch, word.Place, sentence);
            _hasMismatch = true;
        }
    }

    private void End(LineReader lines, string file, bool mayGrow)
    {
        if (lines.Rest.IsEmpty)
        {
            return;
        }

        var place = new FilePlace(file, lines.Number + 1, lines.NextOffset);
        if (JournalLine.TryRead(lines.Rest[..^1], out var line))
        {
            findings.Violation(AuditFindingCode.ChangedLine, place, $"Line {line.Sequence} was changed: its end is no line end.");
        }
        else if (mayGrow)
        {
            findings.Note(AuditFindingCode.PartialLine, place, $"{lines.Rest.Length} bytes of a line that is not whole: it is being written, or its process was killed.");
        }
        else
        {
            Rest = (place, $"{lines.Rest.Length} bytes that are no line stand at the end.");
        }
    }

    private void EndWords(Queue<SignedWord> left)
    {
        if (left.Count is 0)
        {
            return;
        }

        AddUnsignedTime();
        var word = left.Last();
        if (word.Checkpoint.Sequence > chain.LastSequence)
        {
            findings.Violation(AuditFindingCode.CutTail, word.Place, $"{(word.IsAnchor ? "The anchor" : "The checkpoint")} was signed over lines up to number {word.Checkpoint.Sequence}, and the last one that is there has number {chain.LastSequence}.");
        }
        else
        {
            Mismatch(word, $"{(word.IsAnchor ? "The anchor" : "The checkpoint")} was signed over {word.Checkpoint.Count} lines, and {_tree.Count} are there.");
        }
    }
}
