using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Shipping;

/// <summary>Reads the checkpoints of one boot in the order in which they were signed, which may be long after their segments were written. Not thread-safe.</summary>
/// <param name="folders">Where the files of the boot may be.</param>
/// <param name="segment">With the checkpoints of which segment it goes on.</param>
/// <param name="offset">Where in their file.</param>
internal sealed class CheckpointReader(IReadOnlyList<string> folders, int segment, long offset)
{
    // So many later files are looked for each time. More of them without one before: nobody signs, and they are looked for when a segment is closed.
    private const int Near = 16;

    // A quiet journal has some 8,640 a day: what a sink gets at once has to be what it can take in its time.
    private const int Most = 500;
    private const int MostBytes = 1024 * 1024;

    private int _looked;
    private (int Segment, long Length)? _synced;

    /// <summary>With the checkpoints of which segment it goes on.</summary>
    public int Segment { get; private set; } = segment;

    /// <summary>Where in their file.</summary>
    public long Offset { get; private set; } = offset;

    /// <summary>Reads those that have come, up to 500 at once.</summary>
    /// <param name="most">The segment that the lines have come to.</param>
    /// <param name="isOver">Whether the boot is over, and nothing is left of its lines.</param>
    /// <param name="synced">How far the disk has them: what is behind that may be written anew, as another line. <see langword="null"/> if the boot is over.</param>
    public List<ReadOnlyMemory<byte>> Read(int most, bool isOver, (int Segment, long Length)? synced = null)
    {
        var (segment, offset) = (Segment, Offset);
        _synced = synced;
        try
        {
            var found = new List<ReadOnlyMemory<byte>>();
            ReadTo(Math.Min(most, synced?.Segment ?? most), isOver, found);
            return found;
        }
        catch
        {
            // What was found with it is not lost.
            (Segment, Offset, _looked) = (segment, offset, 0);
            throw;
        }
    }

    private void ReadTo(int most, bool isOver, List<ReadOnlyMemory<byte>> found)
    {
        while (true)
        {
            // They are signed in order: when there are some of a later segment, no more come of this one. Looked for first, so that none slips in between.
            var next = Next(most);
            ReadFile(found);
            if (found.Count == Most)
            {
                _looked = 0;
                return;
            }

            if (next is not { } number)
            {
                break;
            }

            (Segment, Offset) = (number, 0);
        }

        if (isOver && Segment < most)
        {
            (Segment, Offset) = (most, 0);
        }
    }

    private int? Next(int most)
    {
        if (most - Segment > Near && most == _looked)
        {
            return null;
        }

        _looked = most;
        for (var number = Segment + 1; number <= most; number++)
        {
            if (PathOf(number) is { } path && new FileInfo(path).Length > 0)
            {
                return number;
            }
        }

        return null;
    }

    private void ReadFile(List<ReadOnlyMemory<byte>> found)
    {
        if (PathOf(Segment) is not { } path)
        {
            return;
        }

        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
        while (found.Count < Most && ReadPart(file, found))
        {
        }
    }

    private bool ReadPart(FileStream file, List<ReadOnlyMemory<byte>> found)
    {
        file.Position = Offset;
        var end = _synced is { } synced && Segment >= synced.Segment ? Math.Min(file.Length, Segment == synced.Segment ? synced.Length : 0) : file.Length;
        var bytes = new byte[Math.Clamp(end - Offset, 0, MostBytes)];
        var rest = bytes.AsMemory(0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
        var before = Offset;
        while (found.Count < Most && rest.Span.IndexOf((byte)'\n') is >= 0 and var length)
        {
            if (length > 0)
            {
                found.Add(rest[..length]);
            }

            (rest, Offset) = (rest[(length + 1)..], Offset + length + 1);
        }

        return Offset > before;
    }

    private string? PathOf(int number) => folders.Select(folder => JournalPaths.OfSegment(folder, number, JournalPaths.Checkpoints)).FirstOrDefault(File.Exists);
}
