namespace GatewayKit.Auditing.Reading;

/// <summary>
/// The lines of a file one after another, in one buffer that is used again. A file that is still written to ends where its last whole line does. Not thread-safe.
/// </summary>
/// <param name="stream">The file. It is not disposed.</param>
/// <param name="bufferBytes">How much is read at once.</param>
internal sealed class LineReader(Stream stream, int bufferBytes = 16 << 10)
{
    /// <summary>A longer line is handed out in parts, none of which is a line of a journal.</summary>
    public const int MostLineBytes = 8 << 20;

    private byte[] _buffer = new byte[bufferBytes];
    private int _start;
    private int _end;
    private int _looked;

    /// <summary>Where the line that was handed out last begins in the file.</summary>
    public long Offset { get; private set; }

    /// <summary>Which line it is, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Where the next one begins.</summary>
    public long NextOffset { get; private set; }

    /// <summary>What was read and is no whole line yet; behind the end of the file, what no line end follows.</summary>
    public ReadOnlySpan<byte> Rest => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Reads on. To be called when there is no whole line left.</summary>
    /// <returns>Whether the file had more.</returns>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            Rest.CopyTo(_buffer);
            (_start, _end, _looked) = (0, _end - _start, _looked - _start);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;
        return read > 0;
    }

    /// <summary>The next line without its line end, until the next call.</summary>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        var length = _buffer.AsSpan(_looked, _end - _looked).IndexOf((byte)'\n');
        if (length < 0 && _end - _start < MostLineBytes)
        {
            _looked = _end;
            line = default;
            return false;
        }

        var next = length < 0 ? _end : _looked + length + 1;
        line = _buffer.AsSpan(_start, (length < 0 ? next : next - 1) - _start);
        (Offset, NextOffset) = (NextOffset, NextOffset + next - _start);
        Number++;
        (_start, _looked) = (next, next);
        return true;
    }
}
