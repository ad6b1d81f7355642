using System.Text;
using System.Text.Json;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// The record of what this process has let in: lines in files, each chained to the one before it. Whoever has something to record rents an entry, writes a JSON object without its
/// closing brace, and hands it over. Thread-safe.
/// </summary>
internal sealed partial class AuditJournal : IAsyncDisposable
{
    // They write what is changed to another place, so that room set aside is room for the old bytes only; and what an overlay sets aside is the business of whatever lies below it.
    private static readonly string[] CopyingFileSystems = ["btrfs", "zfs", "bcachefs", "overlay", "refs", "apfs"];

    private const string NoAnchor =
        "A route demands Strict auditing, and nobody is told of the checkpoints of the journal: whoever can write its files could change it unseen. Add an anchor (AddAuditWebhookAnchor(), AddPostgreSqlAuditAnchor() or an IAuditAnchor), or set Journal.LogCheckpoints if the log is kept somewhere else.";

    private readonly JournalEntryPool _pool = new();
    private readonly JournalLock _lock;
    private readonly JournalBoot _boot;
    private readonly JournalWriter _writer;
    private readonly JournalSealer _sealer;
    private readonly JournalAnchors _anchors;
    private readonly JournalCompression _compression;
    private readonly FileAuditSigner? _ownSigner;
    private readonly JournalMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Lazy<Task> _closed;
    private CheckpointFile _checkpoints = new(0, 0);

    private AuditJournal(JournalLock held, JournalBoot boot, JournalOptions options, JournalParts parts, FileAuditSigner? ownSigner, string previousSignature)
    {
        (_lock, _boot, _metrics, _time, _ownSigner) = (held, boot, parts.Metrics, parts.Time, ownSigner);
        _anchors = new(options, parts, AnchorChanged);
        _compression = new(JournalPaths.Roots(boot.Directory, options.AlternateDirectory).Select(root => JournalPaths.Instance(root, boot.Instance)), boot.Id, () => _writer?.Latest?.Number ?? 0, options.CompressAfter, parts);
        _sealer = new(boot, options, parts, ownSigner ?? parts.Signer!, previousSignature, Note, SealerChanged);
        _writer = new(boot, options, parts, _pool, _sealer.Add);
        _closed = new(CloseAsync);
    }

    /// <summary>The instance that it belongs to: what the first line of each segment says, and no other.</summary>
    public string Instance => _boot.Instance;

    /// <summary>The boot of the instance.</summary>
    public Guid Boot => _boot.Id;

    /// <summary>
    /// How far whole lines are with the operating system, for whoever reads along: the segment that was opened last, and its length. What stands in it behind that may be taken back; earlier ones
    /// do not change.
    /// </summary>
    public (int Segment, long Length) Written => _writer.Latest is { } segment ? (segment.Number, segment.Length) : default;

    /// <summary>How far the disk has checkpoints: those of which segment were signed last, and how many bytes they are. What stands behind that may be written anew, as another line.</summary>
    public (int Segment, long Length) Synced
    {
        get
        {
            var file = Volatile.Read(ref _checkpoints);
            return (file.Segment, file.Length);
        }
    }

    /// <summary>Whether it takes beginnings.</summary>
    public JournalState State => _writer.State;

    /// <summary>Whether no checkpoints can be made.</summary>
    public bool IsUnsealed => _sealer.IsFailing;

    /// <summary>Whether that has been so for longer than it may: then it takes no beginnings with the delivery <see cref="AuditDelivery.Strict"/>.</summary>
    public bool IsUnsignedTooLong => _sealer.IsOverdue;

    /// <summary>Why no route may demand <see cref="AuditDelivery.Strict"/> of it, as a sentence: what that has to have at the start, and a reload cannot bring.</summary>
    public string? Unsettled { get; private init; }

    /// <summary>How many lines are on their way.</summary>
    public int QueuedLines => _writer.Admission.Lines;

    /// <summary>How many requests have a beginning and no end.</summary>
    public int InFlight => _writer.Admission.InFlight;

    /// <summary>How many bytes the operating system has, and the disk may not have.</summary>
    public long UnsyncedBytes => _writer.UnsyncedBytes;

    /// <summary>For how long there has been a checkpoint that an anchor does not have, by its name; zero if it has all.</summary>
    public IEnumerable<(string Anchor, TimeSpan Time)> Unanchored => _anchors.Each;

    /// <summary>The anchors that are behind for longer than they may.</summary>
    public IEnumerable<string> AnchorsBehind => _anchors.Behind;

    /// <summary>Opens the journal of a directory: takes the instance's folder, repairs what a crash has left and tells of it, and begins a boot.</summary>
    /// <param name="directory">The directory of all instances.</param>
    /// <param name="options">The settings.</param>
    /// <param name="parts">What it is made of.</param>
    /// <param name="isStrict">Whether nothing may be unsettled: no damage that nobody has acknowledged, no journal without an anchor.</param>
    /// <exception cref="IOException">It cannot be opened. The message says what can be done.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    /// <exception cref="InvalidOperationException"><paramref name="isStrict"/>, and something is unsettled. The message says what can be done.</exception>
    public static AuditJournal Open(string directory, JournalOptions options, JournalParts parts, bool isStrict = false)
    {
        LookForAnchors(parts, isStrict);
        var held = JournalLock.Take(directory, options.Instance, parts.Files, parts.Time);
        try
        {
            WarnOfCopying(parts, directory);
            WarnOfCopying(parts, options.AlternateDirectory);
            var recovery = new JournalRecovery(directory, options.AlternateDirectory, held.Instance, parts.Files);
            recovery.Run();
            var damaged = Tell(recovery, options, parts.Logger, isStrict);
            var folder = JournalPaths.Instance(directory, held.Instance);
            var signer = parts.Signer is null ? FileAuditSigner.Open(options.SigningKeyFile, folder, parts.Files) : null;
            JournalKeys.Publish(signer ?? parts.Signer!, folder, parts.Files);
            var boot = new JournalBoot(directory, held.Instance, Guid.NewGuid(), recovery.PreviousBoot, recovery.PreviousHash);
            var journal = new AuditJournal(held, boot, options, parts, signer, recovery.PreviousSignature) { Unsettled = damaged ?? (parts.Anchors.Count is 0 ? NoAnchor : null) };
            journal.Start(recovery.Reports);
            return journal;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Checks what can be known of a journal without opening it: nothing is written, nothing is made, and whoever writes it is not held up.</summary>
    /// <param name="directory">The directory of all instances.</param>
    /// <param name="options">The settings.</param>
    /// <param name="parts">What it would be made of.</param>
    /// <param name="isStrict">Whether a route demands <see cref="AuditDelivery.Strict"/>.</param>
    /// <exception cref="IOException">It could not be opened. The message says what can be done.</exception>
    /// <exception cref="UnauthorizedAccessException">The file of the key may not be read.</exception>
    /// <exception cref="InvalidOperationException"><paramref name="isStrict"/>, and nobody is told of checkpoints.</exception>
    public static void Check(string directory, JournalOptions options, JournalParts parts, bool isStrict)
    {
        LookForAnchors(parts, isStrict);
        foreach (var path in JournalPaths.Roots(directory, options.AlternateDirectory))
        {
            if (File.Exists(path))
            {
                throw new IOException($"'{Path.GetFullPath(path)}' is a file, and the audit journal needs a directory: name another one.");
            }
        }

        if (parts.Signer is null && options.SigningKeyFile is { } file)
        {
            FileAuditSigner.Open(file, directory, parts.Files).Dispose();
        }
    }

    /// <summary>Gives an entry to write a line into: a JSON object without its closing brace, at least one property in it. It has to be handed over, or given back by <see cref="JournalEntry.Return"/>.</summary>
    public JournalEntry Rent() => _pool.Rent();

    /// <summary>
    /// Records the beginning of a request. It waits at most 250 ms for room, and as long as the disk takes where <paramref name="delivery"/> says so. Room for the end is set aside.
    /// </summary>
    /// <param name="begin">The line. It belongs to the journal from now on.</param>
    /// <param name="delivery">How far it has to be before the request goes on.</param>
    /// <returns>
    /// Whether it is recorded: then <see cref="End"/> has to follow, once. Otherwise nothing follows, and the request is refused unless it asks for no more than <see cref="AuditDelivery.BestEffort"/>. To be awaited once.
    /// </returns>
    public ValueTask<bool> CommitAsync(JournalEntry begin, AuditDelivery delivery) => EnterAsync(begin, JournalEntryKind.Begin, delivery);

    /// <summary>Records the end of a request. It is never refused and never waits.</summary>
    /// <param name="end">The line. It belongs to the journal from now on.</param>
    /// <param name="delivery">What the beginning had.</param>
    public void End(JournalEntry end, AuditDelivery delivery)
    {
        (end.Kind, end.Delivery) = (JournalEntryKind.End, delivery);
        if (delivery is AuditDelivery.BestEffort)
        {
            TryEnter(end);
        }
        else
        {
            _writer.Admission.Enter(end);
            _writer.Push(end);
        }
    }

    /// <summary>Records something that nobody waits for.</summary>
    /// <param name="entry">The line. It belongs to the journal from now on.</param>
    /// <param name="isRequired">Whether it is kept although there is no room. What strangers can cause is not: it is counted as lost.</param>
    public void Append(JournalEntry entry, bool isRequired = true)
    {
        (entry.Kind, entry.Delivery) = (JournalEntryKind.Event, isRequired ? AuditDelivery.Guaranteed : AuditDelivery.BestEffort);
        if (isRequired)
        {
            _writer.Admission.Enter(entry);
            _writer.Push(entry);
        }
        else
        {
            TryEnter(entry);
        }
    }

    /// <summary>Records something that may not happen without its record, such as that somebody reads the journal. Nothing has to follow.</summary>
    /// <param name="entry">The line. It belongs to the journal from now on.</param>
    /// <param name="delivery">How far it has to be.</param>
    /// <returns>Whether it is recorded. To be awaited once.</returns>
    public ValueTask<bool> AppendAsync(JournalEntry entry, AuditDelivery delivery = AuditDelivery.Guaranteed) => EnterAsync(entry, JournalEntryKind.AwaitedEvent, delivery);

    /// <summary>Makes the line of an event: kind, name and times; <paramref name="write"/> adds what there is to say.</summary>
    public JournalEntry NewEvent(string name, Action<Utf8JsonWriter> write)
    {
        var entry = Rent();
        JournalLines.WriteEvent(entry, _time, name, write);
        return entry;
    }

    /// <summary>Looks at the clock again: for tests that move it.</summary>
    internal void Wake()
    {
        _writer.Wake();
        _sealer.Wake();
    }

    /// <summary>Writes what has come, signs the last checkpoint, tells the anchors and lets go of the folder. Beginnings are refused from the first call on; further calls wait for the same end.</summary>
    public ValueTask DisposeAsync() => new(_closed.Value);

    private static void LookForAnchors(JournalParts parts, bool isStrict)
    {
        if (parts.Anchors.GroupBy(static anchor => anchor.Name, StringComparer.Ordinal).FirstOrDefault(static names => names.Skip(1).Any()) is { } twice)
        {
            throw new InvalidOperationException($"Two audit anchors are called '{twice.Key}'. Give one of them another name: what is measured and told of them goes by it.");
        }

        if (parts.Anchors.Count > 0)
        {
            return;
        }

        if (isStrict)
        {
            throw new InvalidOperationException(NoAnchor);
        }

        Log.Unanchored(parts.Logger);
    }

    private static void WarnOfCopying(JournalParts parts, string? directory)
    {
        if (directory is not null && parts.Files.FileSystemOf(directory) is { } name && CopyingFileSystems.Any(one => name.StartsWith(one, StringComparison.OrdinalIgnoreCase)))
        {
            Log.RoomNotGuaranteed(parts.Logger, directory, name);
        }
    }

    // What is damaged and acknowledged by nobody, as a sentence.
    private static string? Tell(JournalRecovery recovery, JournalOptions options, ILogger logger, bool isStrict)
    {
        string? damaged = null;
        foreach (var boot in recovery.Damages)
        {
            Log.Damaged(logger, boot);
            if (!options.AcknowledgedDamages.Contains(boot, StringComparer.OrdinalIgnoreCase))
            {
                damaged ??= $"The audit journal of the boot {boot} is damaged in a way that no crash explains, and a route demands Strict auditing. Look at it, keep a copy, and add \"{boot}\" to Journal.AcknowledgedDamages.";
            }
        }

        if (isStrict && damaged is not null)
        {
            throw new InvalidOperationException(damaged);
        }

        foreach (var (boot, bytes, open) in recovery.Crashes)
        {
            Log.Crashed(logger, boot, open, bytes);
        }

        return damaged;
    }

    private void Start(IReadOnlyList<(string Name, Action<Utf8JsonWriter> Write)> reports)
    {
        try
        {
            _writer.Start(reports);
        }
        catch
        {
            _ = _anchors.DisposeAsync().AsTask().Observed();
            _ = _compression.DisposeAsync().AsTask().Observed();
            _writer.Dispose();
            _ownSigner?.Dispose();
            throw;
        }

        _sealer.Start();
    }

    private async Task CloseAsync()
    {
        await _writer.StopAsync().ConfigureAwait(false);
        _sealer.Stop();
        await _compression.DisposeAsync().ConfigureAwait(false);
        await _anchors.DisposeAsync().ConfigureAwait(false);
        _writer.Dispose();
        _sealer.Dispose();
        _ownSigner?.Dispose();
        _lock.Dispose();
    }

    // By the thread that signs.
    private void Note(AuditCheckpoint checkpoint)
    {
        var (before, bytes) = (_checkpoints, Encoding.UTF8.GetByteCount(checkpoint.Line) + 1);
        Volatile.Write(ref _checkpoints, new(checkpoint.Segment, (before.Segment == checkpoint.Segment ? before.Length : 0) + bytes));
        _anchors.Add(checkpoint);
    }

    private void SealerChanged(string reason, bool isFailing) =>
        Append(NewEvent(isFailing ? "audit.degraded" : "audit.recovered", json => json.WriteString("reason"u8, reason)));

    private void AnchorChanged(string anchor, bool isBehind) =>
        Append(NewEvent(isBehind ? "audit.degraded" : "audit.recovered", json =>
        {
            json.WriteString("reason"u8, "unanchored"u8);
            json.WriteString("anchor"u8, anchor);
        }));

    private ValueTask<bool> EnterAsync(JournalEntry entry, JournalEntryKind kind, AuditDelivery delivery)
    {
        (entry.Kind, entry.Delivery) = (kind, delivery);
        if (!entry.IsAwaited)
        {
            return new(TryEnter(entry));
        }

        if (_metrics.IsTimed)
        {
            entry.WaitsSince = _time.GetTimestamp();
        }

        // Read before it is handed over: it may be answered at any time from then on.
        var answer = new ValueTask<bool>(entry, entry.Version);
        if (_writer.State is not JournalState.Running || (delivery is AuditDelivery.Strict && kind is JournalEntryKind.Begin && _sealer.IsOverdue))
        {
            _writer.Refuse(entry);
        }
        else if (_writer.Admission.TryEnter(entry))
        {
            _writer.Commit(entry);
        }
        else
        {
            _writer.Admission.Wait(entry);
            _writer.Hurry();
            if (_writer.State is not JournalState.Running)
            {
                // Whoever changed the state may have looked before this one waited.
                _writer.Admission.RefuseAll();
            }
        }

        return answer;
    }

    private bool TryEnter(JournalEntry entry)
    {
        if (_writer.State is JournalState.Running && _writer.Admission.TryEnter(entry))
        {
            _writer.Push(entry);
            return true;
        }

        _writer.Lose();
        entry.Return();
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.JournalUnanchored, LogLevel.Warning, "Nobody is told of the checkpoints of the audit journal: whoever can write its files and its key could change it unseen. Add an anchor (AddAuditWebhookAnchor(), AddPostgreSqlAuditAnchor() or an IAuditAnchor), or set Journal.LogCheckpoints if the log is kept somewhere else.")]
        public static partial void Unanchored(ILogger logger);

        [LoggerMessage(EventIds.JournalRoomNotGuaranteed, LogLevel.Warning, "The audit journal in '{Directory}' is on {FileSystem}, where room that was set aside is not guaranteed to be there: when the disk is full, ends of requests under way may wait in memory. Put the journal on ext4 or XFS, or keep the disk from filling up.")]
        public static partial void RoomNotGuaranteed(ILogger logger, string directory, string fileSystem);

        [LoggerMessage(EventIds.JournalCrashed, LogLevel.Warning, "The audit journal of the boot {Boot} ends as after a crash, and the one that begins now tells of it: {Open} requests had begun and have no end, and {Bytes} bytes of a line were cut off and kept beside it.")]
        public static partial void Crashed(ILogger logger, string boot, int open, int bytes);

        [LoggerMessage(EventIds.JournalDamaged, LogLevel.Critical, "The audit journal of the boot {Boot} is damaged in a way that no crash explains. It was left as it is.")]
        public static partial void Damaged(ILogger logger, string boot);
    }

    private sealed record CheckpointFile(int Segment, long Length);
}
