using System.Buffers.Text;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// One line of a journal: a JSON object whose last two keys, <c>seq</c> and <c>h</c>, the writer appends to what is formatted already. The hash covers the bytes as they are
/// written, so that nobody has to agree on a canonical form of JSON.
/// </summary>
internal readonly ref struct JournalLine
{
    /// <summary>What the writer appends takes at most so many bytes, line end included.</summary>
    public const int MostTailBytes = 112;

    private static ReadOnlySpan<byte> SequenceKey => ",\"seq\":"u8;

    private static ReadOnlySpan<byte> Repeated => ",\"dup\":true"u8;

    private static ReadOnlySpan<byte> HashKey => ",\"h\":\""u8;

    private static ReadOnlySpan<byte> End => "\"}"u8;

    private JournalLine(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> covered, ReadOnlySpan<byte> hashText, long sequence)
    {
        Bytes = bytes;
        Covered = covered;
        HashText = hashText;
        Sequence = sequence;
    }

    /// <summary>The whole line without its line end: what is a leaf of the segment's tree.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>What the hash covers: all in front of <c>,"h":</c>.</summary>
    public ReadOnlySpan<byte> Covered { get; }

    /// <summary>The hash as it is written.</summary>
    public ReadOnlySpan<byte> HashText { get; }

    /// <summary>The number of the line in its boot, from 0.</summary>
    public long Sequence { get; }

    /// <summary>Appends number, hash and line end to a formatted object whose closing brace is missing.</summary>
    /// <param name="line">The object, with room for <see cref="MostTailBytes"/> behind it.</param>
    /// <param name="length">How much of it is there.</param>
    /// <param name="sequence">The number.</param>
    /// <param name="chain">The chain, which goes on to this line.</param>
    /// <param name="isRepeated">Whether it may be in the journal already, in a segment that was given up: then it says so (<c>"dup":true</c>).</param>
    /// <returns>The length with the line end.</returns>
    public static int Finish(Span<byte> line, int length, long sequence, HashChain chain, bool isRepeated = false)
    {
        if (isRepeated)
        {
            Repeated.CopyTo(line[length..]);
            length += Repeated.Length;
        }

        SequenceKey.CopyTo(line[length..]);
        length += SequenceKey.Length;
        Utf8Formatter.TryFormat(sequence, line[length..], out var digits);
        length += digits;
        var hash = chain.Append(line[..length]);
        HashKey.CopyTo(line[length..]);
        length += HashKey.Length;
        HashChain.Write(hash, line.Slice(length, HashChain.TextBytes));
        length += HashChain.TextBytes;
        End.CopyTo(line[length..]);
        length += End.Length;
        line[length] = (byte)'\n';
        return length + 1;
    }

    /// <summary>Takes a line apart, from its end. Whether its hash is right is not looked at.</summary>
    /// <param name="bytes">The line without its line end.</param>
    /// <param name="line">Its parts.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out JournalLine line)
    {
        line = default;
        var tail = HashKey.Length + HashChain.TextBytes + End.Length;
        if (bytes.Length < tail || bytes[0] is not (byte)'{' || !bytes.EndsWith(End) || !bytes[^tail..].StartsWith(HashKey))
        {
            return false;
        }

        var covered = bytes[..^tail];
        var at = covered.LastIndexOf(SequenceKey);
        if (at < 0)
        {
            return false;
        }

        var digits = covered[(at + SequenceKey.Length)..];
        if (!Utf8Parser.TryParse(digits, out long sequence, out var read) || read != digits.Length || sequence < 0 || (digits[0] is (byte)'0' && digits.Length > 1) || digits[0] is (byte)'+')
        {
            return false;
        }

        line = new(bytes, covered, bytes[^(HashChain.TextBytes + End.Length)..^End.Length], sequence);
        return true;
    }
}
