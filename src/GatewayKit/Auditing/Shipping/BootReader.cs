using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Shipping;

/// <summary>Reads what one boot has written, segment after segment, from a position on. Not thread-safe.</summary>
/// <param name="instance">The instance.</param>
/// <param name="folders">Where segments of the boot may be: the disk of the journal, and the one on which it goes on when that fails.</param>
/// <param name="position">From where on.</param>
/// <param name="options">How much a batch has at most.</param>
internal sealed class BootReader(string instance, IReadOnlyList<string> folders, AuditPosition position, AuditSinkOptions options) : IDisposable
{
    // No line is longer; what has no line end for so long is none.
    private const int MostLineBytes = 8 * 1024 * 1024;

    private readonly CheckpointReader _checkpoints = new(folders, position.CheckpointSegment, position.CheckpointOffset);
    private byte[] _buffer = new byte[options.BatchBytes];
    private int _start, _end;
    private int _segment = position.Segment;
    private long _offset = position.Offset;
    private SegmentSource? _source;

    /// <summary>Where it is.</summary>
    public AuditPosition Position => new(position.Boot, _segment, _offset, _checkpoints.Segment, _checkpoints.Offset);

    /// <summary>Whether something cannot be read, or segments are missing that may be in a directory of the journal that is not there.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>Reads the next records.</summary>
    /// <param name="written">How far they are written. <see langword="null"/> if the boot is over.</param>
    /// <param name="synced">How far the disk has checkpoints. <see langword="null"/> if the boot is over.</param>
    /// <returns>Empty if there is nothing now, and perhaps moved on. Its lines are valid until the next call.</returns>
    public ShippingBatch Read((int Segment, long Length)? written, (int Segment, long Length)? synced = null)
    {
        var batch = new ShippingBatch(instance, Position);
        IsWaiting = false;
        Compact();
        try
        {
            while (batch.Count < options.BatchRecords && batch.Bytes < options.BatchBytes && TryGoOn(written, batch, out var line))
            {
                Add(batch, line);
            }

            // After the lines: a checkpoint about a segment is in it before the segment counts as shipped.
            batch.AddCheckpoints(_checkpoints.Read(written is { } now ? Math.Min(now.Segment, _segment) : _segment, written is null && batch.Count is 0, synced));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What cannot be read may be read later, and is not passed over. Other boots need not wait for it.
            IsWaiting = true;
            _source?.Dispose();
            _source = null;
        }

        batch.Position = Position;
        return batch;
    }

    /// <summary>How many bytes are there that were not read.</summary>
    public static long Count(IReadOnlyList<string> folders, AuditPosition position, (int Segment, long Length)? written)
    {
        if (written is { } now && now.Segment <= position.Segment)
        {
            return now.Segment < position.Segment ? 0 : Math.Max(0, now.Length - position.Offset);
        }

        var files = folders.Where(Directory.Exists).SelectMany(static folder => Directory.EnumerateFiles(folder));
        return files.Sum(file => JournalPaths.NumberOf(file) is { } number && number >= position.Segment
            ? number == written?.Segment ? written.Value.Length : Math.Max(0, new FileInfo(file).Length - (number == position.Segment ? position.Offset : 0))
            : 0);
    }

    public void Dispose() => _source?.Dispose();

    private void Compact()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
    }

    private bool TryGoOn((int Segment, long Length)? written, ShippingBatch batch, out ReadOnlyMemory<byte> line)
    {
        while (true)
        {
            var length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                line = _buffer.AsMemory(_start, length);
                (_start, _offset) = (_start + length + 1, _offset + length + 1);
                return true;
            }

            line = default;
            if (_end == _buffer.Length && !MakeRoom(batch))
            {
                return false;
            }

            var isOver = written is not { } now || _segment < now.Segment;
            if (!isOver && _segment > written!.Value.Segment)
            {
                return false;
            }

            if (!TryRead(isOver ? long.MaxValue : written!.Value.Length, batch, out var isThere))
            {
                if (!isOver || !TryGoToNext(isThere, written?.Segment, batch))
                {
                    return false;
                }
            }
        }
    }

    private bool MakeRoom(ShippingBatch batch)
    {
        if (batch.Count > 0 || batch.Unreadable.Count > 0)
        {
            // The lines in front of it are in use until the next call.
            return false;
        }

        if (_start > 0)
        {
            Compact();
        }
        else if (_buffer.Length < MostLineBytes)
        {
            Array.Resize(ref _buffer, Math.Min(MostLineBytes, _buffer.Length * 2));
        }
        else
        {
            (_start, _offset) = (_end, _offset + _end);
            Compact();
        }

        return true;
    }

    private bool TryRead(long limit, ShippingBatch batch, out bool isThere)
    {
        isThere = true;
        var at = _offset + (_end - _start);
        var room = (int)Math.Min(_buffer.Length - _end, limit - at);
        var read = 0;
        try
        {
            if (_source?.Number != _segment)
            {
                _source?.Dispose();
                _source = null;
                _source = SegmentSource.TryOpen(folders, _segment);
            }

            isThere = _source is not null;
            read = _source is null || room <= 0 ? 0 : _source.Read(_buffer.AsSpan(_end, room), at);
        }
        catch (InvalidDataException)
        {
            // A compressed segment that is damaged: what comes behind that is no loss of the sink's alone.
            batch.Unreadable.Add((_segment, at, null, "the segment is damaged"));
        }

        _end += read;

        // What follows in a file that was made larger in advance.
        return read > 0 && _buffer[_start] is not 0;
    }

    // What has no line end in a segment that is over was cut off by a crash, and is no record.
    private bool TryGoToNext(bool isThere, int? current, ShippingBatch batch)
    {
        var next = isThere ? _segment + 1 : Next(current);
        if (next is not { } number)
        {
            return false;
        }

        if (!isThere && !MayGoOver(number, batch))
        {
            return false;
        }

        // What is in front of it in the buffer is in use until the next call.
        (_segment, _offset, _start) = (number, 0, _end);
        return true;
    }

    // Retention takes the first segments of a boot, and those of a sink that is required only when it has them. Everything else that is missing is missing.
    private bool MayGoOver(int next, ShippingBatch batch)
    {
        var isHole = Numbers(folders).Any(number => number < _segment);
        IsWaiting = isHole && !folders.All(static folder => Directory.Exists(Path.GetDirectoryName(Path.GetDirectoryName(folder))));
        if (!IsWaiting && (isHole || _segment > 1 || _offset > 0 || !Numbers(folders.Take(1)).Contains(next)))
        {
            batch.Unreadable.Add((_segment, _offset, null, string.Create(CultureInfo.InvariantCulture, $"the segments to {next - 1} are not there")));
        }

        return !IsWaiting;
    }

    private int? Next(int? current) =>
        Numbers(folders).Where(number => number > _segment).Order().Select(static number => (int?)number).FirstOrDefault() ?? (current > _segment ? current : null);

    private static IEnumerable<int> Numbers(IEnumerable<string> folders) =>
        folders.Where(Directory.Exists).SelectMany(static folder => Directory.EnumerateFiles(folder)).Select(static file => JournalPaths.NumberOf(file)).OfType<int>();

    private void Add(ShippingBatch batch, ReadOnlyMemory<byte> bytes)
    {
        if (JournalLine.TryRead(bytes.Span, out var line))
        {
            batch.Add(new(line.Sequence, Encoding.ASCII.GetString(line.HashText), KindOf(bytes.Span), bytes), Position);
        }
        else
        {
            batch.Unreadable.Add((_segment, _offset - bytes.Length - 1, Convert.ToHexStringLower(SHA256.HashData(bytes.Span)), "no line of a journal"));
        }
    }

    private static string KindOf(ReadOnlySpan<byte> line)
    {
        var start = "{\"v\":1,\"kind\":\""u8;
        if (!line.StartsWith(start))
        {
            return string.Empty;
        }

        line = line[start.Length..];
        return line.StartsWith("begin\""u8) ? "begin" : line.StartsWith("end\""u8) ? "end" : line.StartsWith("event\""u8) ? "event" : line.StartsWith("segment\""u8) ? "segment" : string.Empty;
    }
}
