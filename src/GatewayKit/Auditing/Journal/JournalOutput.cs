using System.Buffers.Text;
using System.Text.Json;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// Where lines go: into a segment, the next one when that is large or old, the file that was kept for it when the disk is full, another directory when the disk has failed, and
/// nowhere when there is none. It belongs to whose turn it is to write.
/// </summary>
internal sealed partial class JournalOutput : IDisposable
{
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(250);
    private const int CheckpointLines = 4096;

    // Without some room beside the reserve the disk would be full again at once.
    private const long SpareBytes = 256 * 1024;

    private readonly JournalOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly JournalEntryPool _pool;
    private readonly JournalBatch _batch;
    private readonly JournalSegments _segments;
    private readonly JournalSyncer _syncer;
    private readonly Action<string, Action<Utf8JsonWriter>> _announce;
    private readonly Action _refuse;
    private JournalSegment? _segment, _latest;

    // Of a batch that has failed, until somebody has it: a defect on the way must not lose those who wait.
    private JournalEntryList _inHand;
    private long _rotateAt, _rotateAgainAt, _checkpointAt, _checkpointSequence, _retryAt;
    private volatile JournalState _state = JournalState.Running;

    /// <param name="boot">Which journal it is.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="parts">What it is made of.</param>
    /// <param name="pool">The entries.</param>
    /// <param name="syncer">What syncs the segments.</param>
    /// <param name="announce">Writes an event.</param>
    /// <param name="refuse">Refuses those who wait.</param>
    public JournalOutput(
        JournalBoot boot, JournalOptions options, JournalParts parts, JournalEntryPool pool, JournalSyncer syncer, Action<string, Action<Utf8JsonWriter>> announce, Action refuse)
    {
        (_options, _time, _logger, _pool, _syncer, _announce, _refuse) = (options, parts.Time, parts.Logger, pool, syncer, announce, refuse);
        _batch = new(new(boot.Genesis()));
        _segments = new(boot, options, parts.Files, parts.Time);
    }

    /// <summary>Whether beginnings are taken.</summary>
    public JournalState State => _state;

    /// <summary>Whether there is a segment, be it the reserve.</summary>
    public bool IsOpen => _segment is not null;

    /// <summary>The segment that was opened last, be it in use or not: its length is what the operating system has of whole lines. Readable by any thread.</summary>
    public JournalSegment? Latest => Volatile.Read(ref _latest);

    /// <summary>Whether lines wait for <see cref="TryWrite"/>.</summary>
    public bool HasLines => !_batch.IsEmpty;

    /// <summary>Whether more lines should wait until these are written.</summary>
    public bool IsFull => _batch.IsFull;

    /// <summary>The number of the next line.</summary>
    public long NextSequence => _batch.NextSequence;

    /// <summary>Opens the first segment.</summary>
    /// <exception cref="IOException">There is no room, or the disk has failed.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public void Open()
    {
        _segments.Reserve();
        if (TryOpen(_segments.Open) is { } exception)
        {
            throw exception;
        }

        _checkpointAt = In(CheckpointInterval);
    }

    /// <summary>Adds a line. There is a segment.</summary>
    public void Add(JournalEntry entry) => _batch.Add(entry, _segment!.Tree);

    /// <summary>Hands the lines to the operating system.</summary>
    /// <param name="entries">The lines.</param>
    /// <param name="segment">Where they are.</param>
    /// <returns>Whether they are there. If not they have to be put again: the segment is another one now, or there is none.</returns>
    public bool TryWrite(out JournalEntryList entries, out JournalSegment segment)
    {
        segment = _segment!;
        var bytes = _batch.Bytes;
        try
        {
            segment.File.Write(bytes, segment.Length);
        }
        catch (Exception exception) when (IsOfDisk(exception))
        {
            GoElsewhere(segment, exception);
            (entries, _inHand) = (_inHand, default);
            return false;
        }

        segment.Length += bytes.Length;
        segment.LastSequence = _batch.NextSequence - 1;
        entries = _batch.Complete();
        return true;
    }

    /// <summary>Gives up a segment that the disk did not keep.</summary>
    public void SyncFailed(JournalSegment segment, Exception exception) => GiveUp(segment, exception, "sync-failed");

    /// <summary>Goes on to the next segment, leaves a mark, tries again, if it is time. No lines wait.</summary>
    public void Tend()
    {
        var now = _time.GetTimestamp();
        if (_state is not JournalState.Running)
        {
            if (now >= _retryAt)
            {
                Retry();
            }
        }
        else if (now >= _rotateAgainAt && (_segment!.Length >= _options.SegmentBytes || (now >= _rotateAt && _segment.Tree.Count > 1)))
        {
            Rotate();
        }

        // What has just been announced is no line yet, and not what a mark speaks of.
        if (_segment is { } segment && _batch.IsEmpty && (now >= _checkpointAt || _batch.NextSequence - _checkpointSequence >= CheckpointLines))
        {
            segment.Leave(MarkOf(segment));
            (_checkpointAt, _checkpointSequence) = (In(CheckpointInterval), _batch.NextSequence);
            _syncer.Wake();
        }
    }

    /// <summary>Tries again at once whether there is a file for what waits: nobody does so later. Room for another reserve need not be there, since no beginning follows.</summary>
    public void TryLast()
    {
        if (_segment is null && (_state is JournalState.DiskFull || Succeeds(_segments.Probe)))
        {
            Recover();
        }
    }

    /// <summary>When it has to be tended at the latest, as a timestamp.</summary>
    public long TendAt => _state is not JournalState.Running ? _retryAt : _segment is { Tree.Count: > 1 } ? Math.Min(_checkpointAt, Math.Max(_rotateAt, _rotateAgainAt)) : _checkpointAt;

    /// <summary>Ends the segment. No lines wait.</summary>
    public void Close()
    {
        if (_segment is { } segment)
        {
            segment.Leave(MarkOf(segment, isLast: true));
        }

        Use(null);
    }

    /// <summary>Takes the lines that wait, to be refused.</summary>
    public JournalEntryList Abandon()
    {
        var left = _batch.Complete();
        left.AddAll(_inHand);
        _inHand = default;
        return left;
    }

    public void Dispose() => _segments.Dispose();

    private static bool IsOfDisk(Exception exception) => exception is IOException or UnauthorizedAccessException;

    private void GoElsewhere(JournalSegment segment, Exception exception)
    {
        if (JournalFiles.IsNoRoom(exception) && Succeeds(() => segment.File.Truncate(segment.Length)))
        {
            _inHand = _batch.RollBack(segment.Tree);
            DiskFull(exception);
            return;
        }

        // How much of the batch is in the file nobody knows: its lines are written again, and say so.
        _inHand = _batch.Complete();
        for (var entry = _inHand.First; entry is not null; entry = entry.Next)
        {
            entry.Repeat();
        }

        segment.Fail();
        GiveUp(segment, exception, "write-failed");
    }

    // From now on beginnings are refused, and ends go to the file that was kept for it. When that is full too they wait in memory.
    private void DiskFull(Exception exception)
    {
        var (number, isNew) = (_segment!.Number, _state is JournalState.Running);
        Refuse(JournalState.DiskFull);
        if (TryOpen(_segments.OpenReserve) is not null)
        {
            _segment.Leave(MarkOf(_segment, isLast: true));
            Use(null);
        }

        if (isNew)
        {
            Log.DiskFull(_logger, exception);
            _announce("audit.degraded", json => Describe(json, "disk-full", number));
        }
    }

    private void GiveUp(JournalSegment segment, Exception exception, string reason)
    {
        Log.SegmentFailed(_logger, segment.Path, exception);
        if (ReferenceEquals(segment, _segment))
        {
            Use(null);
            if (!_segments.TryGoToAlternate() || TryOpen(_segments.Open) is not null)
            {
                Refuse(JournalState.Failed);
            }
            else
            {
                TryReserve(0);
            }
        }

        // What the disk had by now it has: of lines up to that one no verification believes that the failure took them.
        var synced = segment.SyncedSequence;
        _announce("audit.degraded", json =>
        {
            Describe(json, reason, segment.Number);
            json.WriteNumber("syncedSeq"u8, synced);
        });
    }

    private void Refuse(JournalState state)
    {
        (_state, _retryAt) = (state, In(RetryInterval));
        _refuse();
    }

    private void Retry()
    {
        _retryAt = In(RetryInterval);
        if (_state is JournalState.DiskFull ? TryReserve(SpareBytes) : Succeeds(_segments.Probe))
        {
            Recover();
            TryReserve(0);
        }
    }

    private void Recover()
    {
        var reason = _state is JournalState.DiskFull ? "disk-full" : "failed";
        if (TryOpen(_segments.Open) is null)
        {
            _state = JournalState.Running;
            Log.Recovered(_logger, _segment!.Path);
            _announce("audit.recovered", json => Describe(json, reason, _segment.Number));
        }
    }

    private bool TryReserve(long spare) => Succeeds(() => _segments.Reserve(spare));

    private static bool Succeeds(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (Exception exception) when (IsOfDisk(exception))
        {
            return false;
        }
    }

    private void Rotate()
    {
        if (TryOpen(_segments.Open) is not { } exception)
        {
            return;
        }

        if (JournalFiles.IsNoRoom(exception))
        {
            DiskFull(exception);
            return;
        }

        // The segment in use is as good as before.
        _rotateAgainAt = In(CheckpointInterval);
        Log.NotRotated(_logger, _segment!.Path, exception);
    }

    private Exception? TryOpen(Func<JournalBatch, JournalEntry, string, JournalSegment> open)
    {
        var last = _segment is { } segment ? MarkOf(segment, isLast: true) : null;
        var header = _pool.Rent();
        try
        {
            var next = open(_batch, header, last?.Root ?? _segments.PreviousRoot);
            if (last is not null)
            {
                _segment!.Leave(last);
            }

            Use(next);
            return null;
        }
        catch (Exception exception) when (IsOfDisk(exception))
        {
            return exception;
        }
        finally
        {
            header.Return();
        }
    }

    private void Use(JournalSegment? segment)
    {
        if (_segment is not null)
        {
            _segments.PreviousRoot = RootOf(_segment);
        }

        (_segment, _rotateAt) = (segment, In(_options.SegmentAge));
        Volatile.Write(ref _latest, segment ?? _latest);
        _syncer.Use(segment);
    }

    private long In(TimeSpan time) => _time.GetTimestamp() + (long)(time.TotalSeconds * _time.TimestampFrequency);

    private JournalMark MarkOf(JournalSegment segment, bool isLast = false) => new(
        segment.Number, segment.Path, _batch.NextSequence - 1, Base64Url.EncodeToString(_batch.LastHash), segment.Tree.Count, RootOf(segment), isLast);

    private static string RootOf(JournalSegment segment)
    {
        Span<byte> root = stackalloc byte[HashChain.HashBytes];
        segment.Tree.GetRoot(root);
        return Base64Url.EncodeToString(root);
    }

    private static void Describe(Utf8JsonWriter json, string reason, int segment)
    {
        json.WriteString("reason"u8, reason);
        json.WriteNumber("segment"u8, segment);
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.JournalDiskFull, LogLevel.Critical, "The audit journal has no room on its disk. New requests that have to be recorded are refused; ends of those under way go to the reserve. It goes on by itself when there is room.")]
        public static partial void DiskFull(ILogger logger, Exception exception);

        [LoggerMessage(EventIds.JournalSegmentFailed, LogLevel.Critical, "The segment {Segment} of the audit journal failed and is given up.")]
        public static partial void SegmentFailed(ILogger logger, string segment, Exception exception);

        [LoggerMessage(EventIds.JournalNotRotated, LogLevel.Error, "No segment could be opened after {Segment} of the audit journal, which goes on in that one.")]
        public static partial void NotRotated(ILogger logger, string segment, Exception exception);

        [LoggerMessage(EventIds.JournalRecovered, LogLevel.Warning, "The audit journal goes on in {Segment}.")]
        public static partial void Recovered(ILogger logger, string segment);
    }
}
