namespace GatewayKit.Auditing.Reading;

/// <summary>How far a verification is. Not thread-safe.</summary>
/// <param name="progress">Who wants to know.</param>
/// <param name="totalBytes">The length of all segments as they lie on the disk.</param>
internal sealed class VerificationWork(IProgress<AuditProgress>? progress, long totalBytes)
{
    private const long Step = 16 << 20;
    private long _done;
    private long _told;
    private long _lines;

    /// <summary>Bytes of the segments that were read whole, as they lie on the disk.</summary>
    public long Bytes => _done;

    /// <summary>Tells how far it is, now and then.</summary>
    /// <param name="bytesOfSegment">How far it is in the segment.</param>
    /// <param name="linesOfInstance">How many lines of the instance there were.</param>
    public void Report(long bytesOfSegment, long linesOfInstance)
    {
        var at = _done + bytesOfSegment;
        if (progress is not null && at - _told >= Step)
        {
            _told = at;
            progress.Report(new(Math.Min(at, totalBytes), totalBytes, _lines + linesOfInstance));
        }
    }

    public void EndSegment(SegmentFiles files) => _done += LengthOf(files.File!);

    public void EndInstance(long lines)
    {
        _lines += lines;
        progress?.Report(new(Math.Min(_done, totalBytes), totalBytes, _lines));
    }

    /// <summary>The length of a file; 0 if it is gone.</summary>
    public static long LengthOf(string file) => new FileInfo(file) is { Exists: true } known ? known.Length : 0;
}

/// <summary>How far a long reading is.</summary>
/// <param name="Bytes">Bytes that were read, as they lie on the disk.</param>
/// <param name="TotalBytes">All of them, as they were when it began.</param>
/// <param name="Lines">Lines that were read.</param>
public readonly record struct AuditProgress(long Bytes, long TotalBytes, long Lines);
