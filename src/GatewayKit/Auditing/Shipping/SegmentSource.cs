using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Auditing.Shipping;

/// <summary>The content of one segment, compressed or not, from any place on. It stays readable when its file is compressed or taken away meanwhile. Not thread-safe.</summary>
internal sealed class SegmentSource : IDisposable
{
    private readonly string _path;
    private readonly bool _isCompressed;
    private Stream _content;
    private long _at;

    private SegmentSource(int number, string path, bool isCompressed)
    {
        (Number, _path, _isCompressed) = (number, path, isCompressed);
        _content = Open();
    }

    /// <summary>Its number in the boot.</summary>
    public int Number { get; }

    /// <summary>Opens a segment; <see langword="null"/> if there is none of that number.</summary>
    public static SegmentSource? TryOpen(IReadOnlyList<string> folders, int number)
    {
        foreach (var (extension, isCompressed) in ((string, bool)[])[(JournalPaths.Segment, false), (JournalPaths.CompressedSegment, true)])
        {
            foreach (var folder in folders)
            {
                try
                {
                    return new(number, JournalPaths.OfSegment(folder, number, extension), isCompressed);
                }
                catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
                {
                }
            }
        }

        return null;
    }

    /// <summary>Reads on.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="offset">From where on, in bytes of the content.</param>
    /// <returns>How much; 0 at the end.</returns>
    /// <exception cref="InvalidDataException">The compressed file is damaged.</exception>
    public int Read(Span<byte> buffer, long offset)
    {
        if (!_isCompressed)
        {
            _content.Position = offset;
        }
        else if (offset < _at)
        {
            _content.Dispose();
            (_content, _at) = (Open(), 0);
        }

        Span<byte> skipped = stackalloc byte[4096];
        while (_isCompressed && _at < offset)
        {
            var read = _content.Read(skipped[..(int)Math.Min(skipped.Length, offset - _at)]);
            if (read is 0)
            {
                return 0;
            }

            _at += read;
        }

        var length = _content.Read(buffer);
        _at = offset + length;
        return length;
    }

    public void Dispose() => _content.Dispose();

    private Stream Open()
    {
        var file = new FileStream(_path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
        return _isCompressed ? new GzipSegment(file) : file;
    }
}
