using System.Security.Cryptography;
using System.Text.Json;

namespace GatewayKit.Auditing.Journal;

/// <summary>What is in a segment that a process has left, as far as its own hashes tell.</summary>
internal sealed class SegmentScan
{
    private SegmentScan(byte[] bytes) => Bytes = bytes;

    /// <summary>All of its bytes.</summary>
    public byte[] Bytes { get; }

    /// <summary>How many of them are whole lines, each with the right number and hash.</summary>
    public int GoodBytes { get; private set; }

    /// <summary>How many lines these are.</summary>
    public int Lines { get; private set; }

    /// <summary>The number of the last of them; -1 if there is none.</summary>
    public long LastSequence { get; private set; } = -1;

    /// <summary>The hash of the last of them.</summary>
    public byte[] LastHash { get; private set; } = [];

    /// <summary>The last of them.</summary>
    public ReadOnlySpan<byte> LastLine => Bytes.AsSpan(_lastLine);

    /// <summary>Whether what follows them has been a line of the journal too: somebody has damaged what is in front of it.</summary>
    public bool HasLinesBehind { get; private set; }

    private Range _lastLine;

    /// <summary>Reads a segment.</summary>
    /// <param name="bytes">All of it.</param>
    public static SegmentScan Read(byte[] bytes)
    {
        var scan = new SegmentScan(bytes);
        scan.LastHash = scan.Walk()?.Last.ToArray() ?? [];
        scan.LookBehind();
        return scan;
    }

    /// <summary>Goes through the good lines.</summary>
    public void ForEach(Action<ReadOnlyMemory<byte>> look)
    {
        for (var at = 0; at < GoodBytes;)
        {
            var length = Bytes.AsSpan(at).IndexOf((byte)'\n');
            look(Bytes.AsMemory(at, length));
            at += length + 1;
        }
    }

    private HashChain? Walk()
    {
        var chain = default(HashChain);
        Span<byte> hash = stackalloc byte[HashChain.HashBytes], before = stackalloc byte[HashChain.HashBytes];
        while (TryLine(GoodBytes, out var line))
        {
            if (chain is null)
            {
                if (PreviousHash(line.Bytes) is not { } previous)
                {
                    return null;
                }

                chain = new(previous);
            }
            else if (line.Sequence != LastSequence + 1)
            {
                break;
            }

            chain.Last.CopyTo(before);
            if (!HashChain.TryRead(line.HashText, hash) || !chain.Append(line.Covered).SequenceEqual(hash))
            {
                chain.GoBackTo(before);
                break;
            }

            (LastSequence, _lastLine) = (line.Sequence, GoodBytes..(GoodBytes + line.Bytes.Length));
            GoodBytes += line.Bytes.Length + 1;
            Lines++;
        }

        return chain;
    }

    // Two lines, the second of which follows from the first: nothing that a crash leaves by itself behind a damage.
    private void LookBehind()
    {
        Span<byte> hash = stackalloc byte[HashChain.HashBytes];
        byte[]? before = null;
        for (var at = GoodBytes; at < Bytes.Length && !HasLinesBehind;)
        {
            var length = Bytes.AsSpan(at).IndexOf((byte)'\n');
            if (length < 0)
            {
                return;
            }

            var isLine = JournalLine.TryRead(Bytes.AsSpan(at, length), out var line) && HashChain.TryRead(line.HashText, hash);
            HasLinesBehind = isLine && before is not null && SHA256.HashData([.. before, .. line.Covered]).AsSpan().SequenceEqual(hash);
            before = isLine ? hash.ToArray() : null;
            at += length + 1;
        }
    }

    private bool TryLine(int at, out JournalLine line)
    {
        line = default;
        var length = Bytes.AsSpan(at).IndexOf((byte)'\n');
        return length >= 0 && JournalLine.TryRead(Bytes.AsSpan(at, length), out line);
    }

    private static byte[]? PreviousHash(ReadOnlySpan<byte> head)
    {
        try
        {
            using var json = JsonDocument.Parse(head.ToArray());
            var hash = new byte[HashChain.HashBytes];
            return json.RootElement.GetProperty("kind").GetString() is "segment"
                && HashChain.TryRead(System.Text.Encoding.UTF8.GetBytes(json.RootElement.GetProperty("prev").GetString() ?? string.Empty), hash) ? hash : null;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
