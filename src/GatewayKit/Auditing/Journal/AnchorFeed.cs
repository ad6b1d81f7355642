using System.Threading.Channels;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;
using Polly;

namespace GatewayKit.Auditing.Journal;

/// <summary>Brings one anchor the checkpoints, in order, one at a time. What it does not take is tried again before the next one comes.</summary>
internal sealed partial class AnchorFeed
{
    /// <summary>How many checkpoints wait at most: of an idle journal those of almost three hours. Of more the oldest are left out, because the later ones say all that they do.</summary>
    public const int MostWaiting = 1_024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly IAuditAnchor _anchor;
    private readonly TimeProvider _time;
    private readonly JournalMetrics _metrics;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _calls;
    private readonly Channel<Item> _waiting;
    private readonly Lock _lock = new();
    private Item? _current;
    private long? _refusedSince;
    private bool _isFailing;

    /// <param name="anchor">The anchor.</param>
    /// <param name="parts">Clock, measurements and log.</param>
    public AnchorFeed(IAuditAnchor anchor, JournalParts parts)
    {
        (_anchor, _time, _metrics, _logger) = (anchor, parts.Time, parts.Metrics, parts.Logger);
        _calls = PatientCalls.Create(_time, Timeout, PatientCalls.LongestPause, Failed);
        _waiting = Channel.CreateBounded<Item>(
            new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, _ => _metrics.AnchorSkipped(Name));
    }

    /// <summary>The name of the anchor.</summary>
    public string Name => _anchor.Name;

    /// <summary>Whether it was said that it is behind for longer than it may. Belongs to whoever adds.</summary>
    public bool IsBehind { get; set; }

    /// <summary>How long ago the oldest checkpoint came that the anchor does not have, by itself or by a later one; zero if it has all.</summary>
    public TimeSpan Unanchored
    {
        get
        {
            lock (_lock)
            {
                var since = _refusedSince ?? _current?.Since ?? (_waiting.Reader.TryPeek(out var next) ? next.Since : null);
                return since is { } timestamp ? _time.GetElapsedTime(timestamp) : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Takes a checkpoint. It never waits.</summary>
    public void Add(AuditCheckpoint checkpoint) => _waiting.Writer.TryWrite(new(checkpoint, _time.GetTimestamp()));

    /// <summary>No more come.</summary>
    public void Complete() => _waiting.Writer.TryComplete();

    /// <summary>Works until no more come and the anchor has them, or nobody waits any longer.</summary>
    /// <param name="cancellationToken">Nobody waits any longer.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (TryTake() is { } item)
                {
                    await AnchorAsync(item, cancellationToken).ConfigureAwait(false);
                }
            }
        }
#pragma warning disable CA1031 // An anchor is the host's, and may fail in its own way when it is told to end.
        catch (Exception) when (cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
        }
    }

    private Item? TryTake()
    {
        lock (_lock)
        {
            return _current = _waiting.Reader.TryRead(out var item) ? item : null;
        }
    }

    private async Task AnchorAsync(Item item, CancellationToken cancellationToken)
    {
        try
        {
            await _calls.ExecuteAsync(static (one, token) => one.Anchor.AnchorAsync(one.Checkpoint, token), (Anchor: _anchor, item.Checkpoint), cancellationToken).ConfigureAwait(false);
            _metrics.Anchored(Name);
            Done(refusedSince: null);
            if (_isFailing)
            {
                _isFailing = false;
                Log.Recovered(_logger, Name);
            }
        }
        catch (AuditBatchRejectedException exception)
        {
            Log.Refused(_logger, Name, item.Checkpoint.Boot, item.Checkpoint.Sequence, exception);
            Done(_refusedSince ?? item.Since);
        }
    }

    private void Done(long? refusedSince)
    {
        lock (_lock)
        {
            (_current, _refusedSince) = (null, refusedSince);
        }
    }

    private void Failed(Exception exception)
    {
        _metrics.AnchorFailed(Name);
        if (!_isFailing)
        {
            _isFailing = true;
            Log.Failed(_logger, Name, exception);
        }
    }

    private sealed record Item(AuditCheckpoint Checkpoint, long Since);

    private static partial class Log
    {
        [LoggerMessage(EventIds.AnchorFailed, LogLevel.Error, "The anchor {Anchor} does not take checkpoints of the audit journal. What is recorded meanwhile could be changed by whoever has its key.")]
        public static partial void Failed(ILogger logger, string anchor, Exception exception);

        [LoggerMessage(EventIds.AnchorRecovered, LogLevel.Information, "The anchor {Anchor} takes checkpoints of the audit journal again.")]
        public static partial void Recovered(ILogger logger, string anchor);

        [LoggerMessage(EventIds.CheckpointRefused, LogLevel.Error, "The anchor {Anchor} refuses the checkpoint of line {Sequence} of the boot {Boot} and will not have it. A later one that it takes makes up for that.")]
        public static partial void Refused(ILogger logger, string anchor, Guid boot, long sequence, Exception exception);
    }
}
