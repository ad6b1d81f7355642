using GatewayKit.Auditing.Journal;
using Microsoft.Extensions.Logging;
using Polly;

namespace GatewayKit.Auditing.Shipping;

/// <summary>
/// Brings one sink what the journal has, boot after boot: at least once, in order, on its own. It reads files, so the journal never waits for it; a sink that fails is left alone for a while, the
/// longer the longer it fails, and then gets the same batch again.
/// </summary>
internal sealed partial class AuditShipper : IDisposable
{
    // How often it is tried whether what could not be read of earlier boots can be read now.
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMinutes(1);

    private readonly AuditSinkRegistration _registration;
    private readonly IAuditSink _sink;
    private readonly AuditJournal _journal;
    private readonly BootFolders _boots;
    private readonly ShippingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _calls;
    private readonly DeadLetters _deadLetters;
    private readonly SinkPositions _positions;
    private readonly CancellationTokenSource _closed = new();
    private readonly HashSet<Guid> _waiting = [];
    private bool _isFailing, _isDegraded;

    public AuditShipper(
        AuditSinkRegistration registration, IAuditSink sink, AuditJournal journal, BootFolders boots, ShippingMetrics metrics, TimeProvider time, ILogger logger)
    {
        (_registration, _sink, _journal, _boots, _metrics, _time, _logger) = (registration, sink, journal, boots, metrics, time, logger);
        _positions = new(new(Path.Combine(boots.Shipping, Name + PositionFile.Extension)), boots);
        _deadLetters = new(Path.Combine(boots.Shipping, $"{Name}.dead"), Name, time);
        Lag = new(journal, boots, _positions, time, BootReader.Count);

        _calls = PatientCalls.Create(time, registration.Options.Timeout, registration.Options.LongestPause, Failed);
    }

    /// <summary>The sink's name.</summary>
    public string Name => _registration.Name;

    /// <summary>Whether segments are kept until it has them.</summary>
    public bool IsRequired => _registration.Options.IsRequired;

    /// <summary>Whether it counts as down.</summary>
    public bool IsDegraded => Volatile.Read(ref _isDegraded);

    /// <summary>What it does not have.</summary>
    public SinkLag Lag { get; }

    /// <summary>Whether it has a segment, and its checkpoints.</summary>
    public bool Has(Guid boot, int segment) => _positions.Of(boot).HasAll(segment);

    /// <summary>Works until the journal is closed and everything is there, or nobody waits any longer.</summary>
    /// <param name="cancellationToken">Nobody waits any longer.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!await TryRunAsync(cancellationToken).ConfigureAwait(false))
            {
                await WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>The journal is closed: what it has is the last.</summary>
    public void Close() => _closed.Cancel();

    public void Dispose() => _closed.Dispose();

    /// <summary>Says in the journal, once, that the sink is down, and that it is well again.</summary>
    public void Watch()
    {
        var isDegraded = Lag.Elapsed > _registration.Options.DegradedAfter;
        if (isDegraded == _isDegraded || _closed.IsCancellationRequested)
        {
            return;
        }

        Volatile.Write(ref _isDegraded, isDegraded);
        _journal.Append(_journal.NewEvent(isDegraded ? "audit.degraded" : "audit.recovered", json =>
        {
            json.WriteString("reason"u8, "sink-behind"u8);
            json.WriteString("sink"u8, Name);
        }));
        if (isDegraded)
        {
            Log.Degraded(_logger, Name, _registration.Options.DegradedAfter);
        }
        else
        {
            Log.Recovered(_logger, Name);
        }
    }

    private async Task<bool> TryRunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var kept = await CallAsync(token => _sink.ReadPositionsAsync(_journal.Instance, token), cancellationToken).ConfigureAwait(false);
            if (_positions.Begin(kept) is { } failure)
            {
                Log.PositionUnreadable(_logger, Name, failure);
            }

            do
            {
                var isWaiting = false;
                foreach (var boot in _boots.Earlier(_journal.Boot))
                {
                    isWaiting |= !await ShipBootAsync(boot, isOver: true, cancellationToken).ConfigureAwait(false);
                }

                Lag.HasEarlierBoots = isWaiting;
            }
            while (!await ShipBootAsync(_journal.Boot, isOver: false, cancellationToken).ConfigureAwait(false));

            return true;
        }
        catch (AuditPositionLostException)
        {
            Log.PositionLost(_logger, Name);
            Lag.HasEarlierBoots = true;
            return false;
        }
    }

    // Of one that is over, whether nothing is missing that may come yet; of the one that is written, whether it is closed, and not only left for a look at earlier ones.
    private async Task<bool> ShipBootAsync(Guid boot, bool isOver, CancellationToken cancellationToken)
    {
        using var reader = new BootReader(_journal.Instance, _boots.Of(boot), _positions.Of(boot), _registration.Options);
        var began = _time.GetTimestamp();
        while (true)
        {
            // In this order: what is written when it is closed is all there will be.
            var (isClosed, now, written) = (_closed.IsCancellationRequested, _time.GetTimestamp(), _journal.Written);
            if (!isOver && !isClosed && Lag.HasEarlierBoots && _time.GetElapsedTime(began, now) >= RetryInterval)
            {
                return false;
            }

            var batch = isOver ? reader.Read(null) : reader.Read(written, _journal.Synced);
            Waits(boot, reader.IsWaiting);
            if (batch.Unreadable.Count > 0)
            {
                Unreadable(boot, batch);
            }

            if (!batch.IsEmpty)
            {
                await ShipAsync(batch, 0, batch.Count, cancellationToken).ConfigureAwait(false);
                if (!isOver && !reader.IsWaiting)
                {
                    Lag.Reached(written, now);
                }

                continue;
            }

            if (isOver)
            {
                return !reader.IsWaiting;
            }

            if (isClosed)
            {
                return true;
            }

            if (!reader.IsWaiting)
            {
                Lag.Complete(now);
            }

            await WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void Waits(Guid boot, bool isWaiting)
    {
        if (boot == _journal.Boot)
        {
            Lag.IsWaiting = isWaiting;
        }

        if (!isWaiting)
        {
            _waiting.Remove(boot);
        }
        else if (_waiting.Add(boot))
        {
            Log.Waits(_logger, Name, boot);
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
        await Task.Delay(_registration.Options.Interval, _time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    // In halves until the record is alone that the sink refuses.
    private async Task ShipAsync(ShippingBatch batch, int start, int count, CancellationToken cancellationToken)
    {
        var part = batch.Part(start, count);
        if (await OfferAsync(part, cancellationToken).ConfigureAwait(false) is not { } refusal)
        {
            return;
        }

        if (count <= 1)
        {
            await RefuseAsync(batch, part, start, refusal, cancellationToken).ConfigureAwait(false);
            return;
        }

        await ShipAsync(batch, start, count / 2, cancellationToken).ConfigureAwait(false);
        await ShipAsync(batch, start + (count / 2), count - (count / 2), cancellationToken).ConfigureAwait(false);
    }

    private async Task RefuseAsync(ShippingBatch batch, AuditBatch part, int start, AuditBatchRejectedException exception, CancellationToken cancellationToken)
    {
        if (part.Checkpoints.Count > 0)
        {
            // One of the two is the reason: each gets a chance without the other.
            if (part.Records.Count > 0)
            {
                await ShipAsync(batch.WithoutCheckpoints(), start, part.Records.Count, cancellationToken).ConfigureAwait(false);
            }

            await ShipCheckpointsAsync(batch, 0, batch.Checkpoints.Count, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (part.Records.Count is 1)
        {
            _deadLetters.Add(part, new(0, exception.Message));
            Lost(1, exception.Message);
            await MoveAsync(batch.Behind(start), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            _positions.Move(part.Position, _journal.Boot);
        }
    }

    // In halves until the checkpoint is alone that the sink refuses.
    private async Task ShipCheckpointsAsync(ShippingBatch batch, int start, int count, CancellationToken cancellationToken)
    {
        var part = batch.PartOfCheckpoints(start, count);
        if (await OfferAsync(part, cancellationToken).ConfigureAwait(false) is not { } refusal)
        {
            return;
        }

        if (count is 1)
        {
            Lost(part, new AuditCheckpointRejection(1, refusal.Message));
            await MoveAsync(new() { Instance = part.Instance, Boot = part.Boot, Records = [], Checkpoints = [], Position = part.Position }, cancellationToken).ConfigureAwait(false);
            return;
        }

        await ShipCheckpointsAsync(batch, start, count / 2, cancellationToken).ConfigureAwait(false);
        await ShipCheckpointsAsync(batch, start + (count / 2), count - (count / 2), cancellationToken).ConfigureAwait(false);
    }

    // What the sink says if it does not take it.
    private async Task<AuditBatchRejectedException?> OfferAsync(AuditBatch part, CancellationToken cancellationToken)
    {
        AuditReceipt receipt;
        try
        {
            receipt = await CallAsync(token => _sink.WriteAsync(part, token), cancellationToken).ConfigureAwait(false);
        }
        catch (AuditBatchRejectedException exception)
        {
            return exception;
        }

        Taken(part, receipt);
        return null;
    }

    private async Task MoveAsync(AuditBatch behind, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync(token => _sink.WriteAsync(behind, token), cancellationToken).ConfigureAwait(false);
        }
        catch (AuditBatchRejectedException)
        {
            // There is nothing in it. The next batch says as much.
        }

        _positions.Move(behind.Position, _journal.Boot);
    }

    private void Taken(AuditBatch part, AuditReceipt receipt)
    {
        foreach (var rejection in receipt.Rejections)
        {
            _deadLetters.Add(part, rejection);
            Lost(rejection.Count, rejection.Reason);
        }

        if (receipt.Checkpoints is { } checkpoints)
        {
            Lost(part, checkpoints);
        }

        Violated(part.Boot, receipt.Conflicts, "record", "at");
        Violated(part.Boot, receipt.CheckpointConflicts, "checkpoint up to record", "checkpoint");
        _metrics.Shipped(Name, part.Records.Count - (int)receipt.Rejections.Sum(static rejection => rejection.Count));
        _positions.Move(part.Position, _journal.Boot);
    }

    private void Unreadable(Guid boot, ShippingBatch batch)
    {
        foreach (var (segment, offset, sha256, reason) in batch.Unreadable)
        {
            _deadLetters.AddUnreadable(boot, segment, offset, sha256, reason);
            Lost(1, reason);
        }
    }

    private void Lost(AuditBatch part, AuditCheckpointRejection checkpoints)
    {
        _deadLetters.AddCheckpoints(part, checkpoints);
        Lost(checkpoints.Count, checkpoints.Reason);
    }

    private void Lost(long records, string reason)
    {
        _metrics.DeadLettered(Name, records);
        Log.DeadLettered(_logger, records, Name, reason);
    }

    private async Task<T> CallAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        // That a position is lost is an answer too: the same again would get the same one.
        var (result, lost) = await _calls.ExecuteAsync(
            static async (call, token) =>
            {
                try
                {
                    return (await call(token).ConfigureAwait(false), (AuditPositionLostException?)null);
                }
                catch (AuditPositionLostException exception)
                {
                    return (default(T)!, exception);
                }
            },
            call,
            cancellationToken).ConfigureAwait(false);
        if (lost is not null)
        {
            throw lost;
        }

        if (_isFailing)
        {
            _isFailing = false;
            Log.Works(_logger, Name);
        }

        return result;
    }

    private void Failed(Exception exception)
    {
        _metrics.Failed(Name);
        if (!_isFailing)
        {
            _isFailing = true;
            Log.Fails(_logger, Name, exception);
        }
    }
}
