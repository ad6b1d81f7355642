using System.IO.Compression;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// Compresses segments that are old enough: read, verified, written beside, and only then taken away. What does not verify is left as it is. Looked after once an hour, by the pool:
/// nobody waits for it.
/// </summary>
internal sealed partial class JournalCompression : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private readonly string[] _folders;
    private readonly TimeSpan _after;
    private readonly IJournalFiles _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    /// <param name="folders">The folders of the instance, on its disk and on the one where it goes on when that has failed.</param>
    /// <param name="current">The boot that is written.</param>
    /// <param name="written">The number of its segment that is written; 0 if there is none yet. Those before it are closed.</param>
    /// <param name="after">How old a segment is then, by its last write.</param>
    /// <param name="parts">Files, clock and log.</param>
    public JournalCompression(IEnumerable<string> folders, Guid current, Func<int> written, TimeSpan after, JournalParts parts)
    {
        (_folders, _after, _files, _time, _logger) = ([.. folders], after, parts.Files, parts.Time, parts.Logger);
        _running = Task.Run(() => RunAsync(current, written));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync(Guid current, Func<int> written)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            do
            {
                foreach (var segment in _folders.SelectMany(folder => Old(folder, current, written())))
                {
                    _stop.Token.ThrowIfCancellationRequested();
                    TryCompress(segment);
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
        }
    }

    private string[] Old(string folder, Guid current, int written)
    {
        try
        {
            return !Directory.Exists(folder) ? [] :
            [
                .. from path in Directory.EnumerateDirectories(folder)
                   where Guid.TryParseExact(Path.GetFileName(path), "D", out _)
                   let isCurrent = Path.GetFileName(path) == current.ToString("D")
                   from segment in Directory.EnumerateFiles(path, "*" + JournalPaths.Segment)
                   where !(isCurrent && JournalPaths.NumberOf(segment) >= written) && _time.GetUtcNow() - File.GetLastWriteTimeUtc(segment) >= _after
                   select segment,
            ];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A disk that has failed is looked at again in an hour, and keeps nobody from looking at the other one.
            Log.NotCompressed(_logger, folder, exception);
            return [];
        }
    }

    private void TryCompress(string segment)
    {
        try
        {
            var bytes = File.ReadAllBytes(segment);
            var scan = SegmentScan.Read(bytes);
            if (scan.Lines is 0 || scan.GoodBytes != bytes.Length)
            {
                Log.NotCompressed(_logger, segment, null);
                return;
            }

            Compress(segment, bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotCompressed(_logger, segment, exception);
        }
    }

    private void Compress(string segment, byte[] bytes)
    {
        var target = JournalPaths.Beside(segment, JournalPaths.CompressedSegment);
        using var compressed = new MemoryStream();
        using (var stream = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(bytes);
        }

        _files.Delete(target + JournalPaths.Unfinished);
        using (var file = _files.Create(target + JournalPaths.Unfinished))
        {
            file.Write(compressed.GetBuffer().AsSpan(0, (int)compressed.Length), 0);
            file.Sync();
        }

        _files.Delete(target);
        _files.Move(target + JournalPaths.Unfinished, target);
        _files.SyncDirectory(Path.GetDirectoryName(target)!);
        File.SetAttributes(target, File.GetAttributes(target) | FileAttributes.ReadOnly);

        // Both are there if this is where it is killed; the next round writes the same again.
        _files.Delete(segment);
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.JournalNotCompressed, LogLevel.Warning, "The segment {Segment} of the audit journal is not compressed: it does not verify, or cannot be read or written.")]
        public static partial void NotCompressed(ILogger logger, string segment, Exception? exception);
    }
}
