using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Journal;

/// <summary>
/// Makes signed checkpoints of marks, on a thread of its own: the journal goes on while a key is far away. What cannot be signed or written is tried again, in order; marks that
/// come meanwhile take the place of the one before them, because they say more.
/// </summary>
internal sealed partial class JournalSealer : IDisposable
{
    private const string FailingReason = "unsealed";
    private const string NotBack = "The signer has not come back.";
    private const string OverdueReason = "unsigned-too-long";
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SignTimeout = TimeSpan.FromSeconds(10);
    private const long NotAsked = long.MaxValue;

    // What waits may take as long as a call does, twice. One that ends in time says itself what is wrong.
    private static readonly TimeSpan LongestWait = 2 * SignTimeout;

    private readonly JournalBoot _boot;
    private readonly IAuditSigner _signer;
    private readonly ECDsa _publicKey;
    private readonly IJournalFiles _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action<AuditCheckpoint> _onSealed;
    private readonly Action<string, bool> _onFailing;
    private readonly TimeSpan _limit;
    private readonly Lock _lock = new();
    private readonly LinkedList<JournalMark> _marks = new();
    private readonly WakeUp _wakeUp = new();
    private readonly Lock _told = new();
    private readonly Thread _thread;
    private readonly ITimer _watch;
    private long _askedAt = NotAsked, _length, _retryAt, _failingSince;
    private IJournalFile? _file;
    private string _path = string.Empty, _previous;
    private volatile bool _isFailing, _isStopping, _isGivenUp;
    private bool _isOverdueTold, _hasSkipped;

    /// <param name="boot">The journal.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="parts">Files, clock and log.</param>
    /// <param name="signer">The key.</param>
    /// <param name="previous">The signature of the instance's last checkpoint; empty if there is none.</param>
    /// <param name="onSealed">Gets each checkpoint when the disk has it.</param>
    /// <param name="onFailing">Is told, with the reason, when checkpoints cannot be made, when that has lasted too long, and when they can be made again.</param>
    public JournalSealer(JournalBoot boot, JournalOptions options, JournalParts parts, IAuditSigner signer, string previous, Action<AuditCheckpoint> onSealed, Action<string, bool> onFailing)
    {
        (_boot, _signer, _publicKey, _previous, _onSealed, _onFailing) = (boot, signer, P256.Import(signer.PublicKey.Span), previous, onSealed, onFailing);
        (_files, _time, _logger, _limit) = (parts.Files, parts.Time, parts.Logger, options.UnsignedLimit);
        _thread = new(Run) { IsBackground = true, Name = "GatewayKit audit seal" };
        _watch = _time.CreateDetachedTimer(static sealer => ((JournalSealer)sealer!).TellIfBlocked(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether checkpoints cannot be made.</summary>
    public bool IsFailing => _isFailing || IsAskedFor(SignTimeout);

    /// <summary>Whether that has been so for longer than it may. One look at two fields while all is well.</summary>
    public bool IsOverdue => (_isFailing && _time.GetElapsedTime(Volatile.Read(ref _failingSince)) >= _limit) || IsAskedFor(_limit);

    public void Start() => _thread.Start();

    /// <summary>Takes a mark.</summary>
    public void Add(JournalMark mark)
    {
        lock (_lock)
        {
            if (_marks.Last is { Value: { IsLast: false } waiting } && waiting.SegmentPath == mark.SegmentPath)
            {
                _marks.RemoveLast();
            }

            _marks.AddLast(mark);
        }

        _wakeUp.Set();
    }

    /// <summary>Makes a checkpoint of what waits, and ends. What fails now is not tried again, and neither a signer nor a disk that blocks is waited for.</summary>
    public void Stop()
    {
        _isStopping = true;
        _wakeUp.Set();
        if (!_thread.Join(LongestWait))
        {
            lock (_told)
            {
                _isGivenUp = true;
            }

            Log.Failed(_logger, new TimeoutException(Volatile.Read(ref _askedAt) is NotAsked ? "The disk has not taken the checkpoint." : NotBack));
        }
    }

    /// <summary>Looks at the clock again: for tests that move it.</summary>
    public void Wake() => _wakeUp.Poke();

    public void Dispose()
    {
        _watch.Dispose();
        if (_isGivenUp)
        {
            // The thread has them still.
            return;
        }

        Close();
        _publicKey.Dispose();
        _wakeUp.Dispose();
    }

    private bool IsAskedFor(TimeSpan time) => Volatile.Read(ref _askedAt) is not NotAsked and var since && _time.GetElapsedTime(since) >= time;

    private bool HasWork => _isStopping || (HasMarks && (!_isFailing || _time.GetTimestamp() >= _retryAt));

    private bool HasMarks
    {
        get
        {
            lock (_lock)
            {
                return _marks.Count > 0;
            }
        }
    }

    private void Run()
    {
        while (true)
        {
            var isStopping = _isStopping;
            while (HasWork && TryTake(out var mark))
            {
                if (!TrySeal(mark))
                {
                    PutBack(mark);
                    break;
                }
            }

            if (isStopping)
            {
                return;
            }

            _wakeUp.Sleep(
                _isFailing ? TimeSpan.FromSeconds(Math.Max(0, (double)(_retryAt - _time.GetTimestamp()) / _time.TimestampFrequency)) : TimeSpan.MaxValue,
                static sealer => sealer.HasWork, this);
        }
    }

    private bool TryTake([NotNullWhen(true)] out JournalMark? mark)
    {
        lock (_lock)
        {
            mark = _marks.First?.Value;
            if (mark is not null)
            {
                _marks.RemoveFirst();
            }

            return mark is not null;
        }
    }

    private void PutBack(JournalMark mark)
    {
        lock (_lock)
        {
            if (mark.IsLast || _marks.First?.Value.SegmentPath != mark.SegmentPath)
            {
                _marks.AddFirst(mark);
            }
        }
    }

    private bool TrySeal(JournalMark mark)
    {
        var (isSigned, since) = (false, _time.GetTimestamp());
        try
        {
            var checkpoint = new Checkpoint
            {
                Instance = _boot.Instance,
                Boot = _boot.Id,
                Segment = mark.Segment,
                Sequence = mark.Sequence,
                Hash = mark.Hash,
                Count = mark.Count,
                Root = mark.Root,
                Time = JournalLines.Microseconds(_time.GetUtcNow()),
                IsLast = mark.IsLast,
                HasSkipped = _hasSkipped,
                KeyId = _signer.KeyId,
                Previous = _previous,
            };
            var covered = checkpoint.Covered();
            var signature = Sign(covered);
            isSigned = true;
            var line = Checkpoint.Seal(covered, signature.Span);
            Write(mark.SegmentPath, [.. line, (byte)'\n']);
            (_previous, _hasSkipped) = (Base64Url.EncodeToString(signature.Span), false);
            Recover();
            _onSealed(new()
            {
                Instance = checkpoint.Instance,
                Boot = checkpoint.Boot,
                Segment = checkpoint.Segment,
                Sequence = checkpoint.Sequence,
                Hash = checkpoint.Hash,
                Time = checkpoint.Time,
                Line = Encoding.UTF8.GetString(line),
            });
            return true;
        }
#pragma warning disable CA1031 // A signer is the host's, and may fail in its own way.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (isSigned && HasFailedForGood(exception) && IsFollowed(mark))
            {
                // By another disk perhaps, which is not to wait for this one. The lines are covered all the same: the next checkpoint follows from them, and says that all of this one may
                // be in its file, or a part, or nothing.
                _hasSkipped = true;
                Log.Skipped(_logger, mark.SegmentPath, exception);
                return true;
            }

            _retryAt = _time.GetTimestamp() + (long)(RetryInterval.TotalSeconds * _time.TimestampFrequency);
            Fail(since, exception);
            return false;
        }
    }

    private static bool HasFailedForGood(Exception exception) =>
        exception is IOException or UnauthorizedAccessException && !JournalFiles.IsNoRoom(exception) && !JournalFiles.IsTooManyFiles(exception) && !JournalFiles.IsInUse(exception);

    private bool IsFollowed(JournalMark mark)
    {
        lock (_lock)
        {
            return _marks.Any(later => later.SegmentPath != mark.SegmentPath);
        }
    }

    private ReadOnlyMemory<byte> Sign(byte[] covered)
    {
        var signature = _signer is FileAuditSigner own ? own.Sign(covered) : Ask(covered);

        // Whoever verifies would be the first to know, months later.
        return _publicKey.VerifyData(covered, signature.Span, HashAlgorithmName.SHA256)
            ? signature
            : throw new CryptographicException($"What the signer of the audit journal gave is no signature by the key '{_signer.KeyId}': r and s, 32 bytes each (IEEE P1363), over the content by SHA-256.");
    }

    // The host's. One that does not look at its token is not waited for either; one that blocks the thread is what others see by the time.
    private ReadOnlyMemory<byte> Ask(byte[] covered)
    {
        Volatile.Write(ref _askedAt, _time.GetTimestamp());
        _watch.Change(LongestWait, RetryInterval);
        try
        {
            using var timeout = new CancellationTokenSource(SignTimeout, _time);
            var signing = _signer.SignAsync(covered, timeout.Token);
            var signature = signing.IsCompleted ? signing.GetAwaiter().GetResult() : signing.AsTask().WaitAsync(SignTimeout, _time).GetAwaiter().GetResult();
            return signature;
        }
        finally
        {
            _watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Volatile.Write(ref _askedAt, NotAsked);
        }
    }

    private void Write(string segment, byte[] line)
    {
        ThrowIfGivenUp();
        var path = JournalPaths.Beside(segment, JournalPaths.Checkpoints);
        if (path != _path)
        {
            Close();
            (_file, _path, _length) = (_files.Create(path), path, 0);
        }

        try
        {
            if (_file is null)
            {
                _file = _files.Open(path);
                ThrowIfGivenUp();
                _file.Truncate(_length);
            }

            // It may have taken long to open.
            ThrowIfGivenUp();
            _file.Write(line, _length);
            _file.Sync();
        }
        catch
        {
            // Nobody knows how much of the line is there, and a file whose sync has failed says so once only.
            Close();
            throw;
        }

        _length += line.Length;

        // Of a disk that has come back too late nobody is told: others may have the folder.
        ThrowIfGivenUp();
    }

    private void ThrowIfGivenUp()
    {
        if (_isGivenUp)
        {
            throw new OperationCanceledException("The audit journal was closed meanwhile.");
        }
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    // By the clock: a thread that the host's signer blocks says nothing.
    private void TellIfBlocked()
    {
        lock (_told)
        {
            if (Volatile.Read(ref _askedAt) is not NotAsked and var since && _time.GetElapsedTime(since) >= LongestWait)
            {
                Fail(since, new TimeoutException(NotBack));
            }
        }
    }

    private void Fail(long since, Exception exception)
    {
        lock (_told)
        {
            if (_isGivenUp)
            {
                return;
            }

            if (!_isFailing)
            {
                Log.Failed(_logger, exception);
                Volatile.Write(ref _failingSince, since);
                _isFailing = true;
                _onFailing(FailingReason, true);
            }

            if (!_isOverdueTold && IsOverdue)
            {
                _isOverdueTold = true;
                Log.Overdue(_logger, _limit);
                _onFailing(OverdueReason, true);
            }
        }
    }

    private void Recover()
    {
        lock (_told)
        {
            if (_isOverdueTold)
            {
                _isOverdueTold = false;
                _onFailing(OverdueReason, false);
            }

            if (_isFailing)
            {
                _isFailing = false;
                _onFailing(FailingReason, false);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.JournalUnsealed, LogLevel.Error, "No checkpoint of the audit journal can be made. It goes on, and is signed as soon as that is possible.")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(EventIds.JournalCheckpointSkipped, LogLevel.Error, "A checkpoint of {Segment} of the audit journal cannot be written, and the journal goes on in another segment: the next checkpoint covers those lines too.")]
        public static partial void Skipped(ILogger logger, string segment, Exception exception);

        [LoggerMessage(EventIds.JournalUnsignedTooLong, LogLevel.Critical, "No checkpoint of the audit journal could be made for {Limit}: requests of routes with Strict auditing are refused until one is. The others are recorded and served.")]
        public static partial void Overdue(ILogger logger, TimeSpan limit);
    }
}
