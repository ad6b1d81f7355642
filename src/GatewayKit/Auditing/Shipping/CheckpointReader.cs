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

    private int _looked;

    /// <summary>With the checkpoints of which segment it goes on.</summary>
    public int Segment { get; private set; } = segment;

    /// <summary>Where in their file.</summary>
    public long Offset { get; private set; } = offset;

    /// <summary>Reads those that have come.</summary>
    /// <param name="most">The segment that the lines have come to.</param>
    /// <param name="isOver">Whether the boot is over, and nothing is left of its lines.</param>
    public List<ReadOnlyMemory<byte>> Read(int most, bool isOver)
    {
        var found = new List<ReadOnlyMemory<byte>>();
        while (true)
        {
            // They are signed in order: when there are some of a later segment, no more come of this one. Looked for first, so that none slips in between.
            var next = Next(most);
            ReadFile(found);
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

        return found;
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
        if (file.Length <= Offset)
        {
            return;
        }

        var bytes = new byte[file.Length - Offset];
        file.Position = Offset;
        var rest = bytes.AsMemory(0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
        while (rest.Span.IndexOf((byte)'\n') is >= 0 and var length)
        {
            if (length > 0)
            {
                found.Add(rest[..length]);
            }

            (rest, Offset) = (rest[(length + 1)..], Offset + length + 1);
        }
    }

    private string? PathOf(int number) => folders.Select(folder => JournalPaths.OfSegment(folder, number, JournalPaths.Checkpoints)).FirstOrDefault(File.Exists);
}
