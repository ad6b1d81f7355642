using System.Collections.Concurrent;
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
    private readonly AuditSinkRegistration _registration;
    private readonly IAuditSink _sink;
    private readonly AuditJournal _journal;
    private readonly BootFolders _boots;
    private readonly ShippingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _calls;
    private readonly PositionFile _file;
    private readonly DeadLetters _deadLetters;
    private readonly ConcurrentDictionary<Guid, AuditPosition> _positions = new();
    private readonly CancellationTokenSource _closed = new();
    private bool _keepsPositions, _hasPositions, _isFailing, _isDegraded, _isWaiting;
    private volatile bool _hasEarlierBoots = true;
    private long _completeAt;

    public AuditShipper(
        AuditSinkRegistration registration, IAuditSink sink, AuditJournal journal, BootFolders boots, ShippingMetrics metrics, TimeProvider time, ILogger logger)
    {
        (_registration, _sink, _journal, _boots, _metrics, _time, _logger) = (registration, sink, journal, boots, metrics, time, logger);
        _file = new(Path.Combine(boots.Shipping, Name + PositionFile.Extension));
        _deadLetters = new(Path.Combine(boots.Shipping, $"{Name}.dead"), Name, time);
        _completeAt = time.GetTimestamp();

        _calls = PatientCalls.Create(time, registration.Options.Timeout, registration.Options.LongestPause, Failed);
    }

    /// <summary>The sink's name.</summary>
    public string Name => _registration.Name;

    /// <summary>Whether segments are kept until it has them.</summary>
    public bool IsRequired => _registration.Options.IsRequired;

    /// <summary>Whether it counts as down.</summary>
    public bool IsDegraded => Volatile.Read(ref _isDegraded);

    /// <summary>For how long something has been written that it does not have.</summary>
    public TimeSpan Lag => IsBehind ? _time.GetElapsedTime(Volatile.Read(ref _completeAt)) : TimeSpan.Zero;

    private bool IsBehind => _hasEarlierBoots || BootReader.Count(_boots.Of(_journal.Boot), PositionIn(_journal.Boot), _journal.Written) > 0;

    /// <summary>How much is written that it does not have, as it lies on the disk.</summary>
    public long LagBytes() =>
        BootReader.Count(_boots.Of(_journal.Boot), PositionIn(_journal.Boot), _journal.Written)
        + (_hasEarlierBoots ? _boots.Earlier(_journal.Boot).Sum(boot => BootReader.Count(_boots.Of(boot), PositionIn(boot), null)) : 0);

    /// <summary>Whether it has a segment, and its checkpoints.</summary>
    public bool Has(Guid boot, int segment) => _positions.TryGetValue(boot, out var position) && position.HasAll(segment);

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
        var isDegraded = Lag > _registration.Options.DegradedAfter;
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
            await ReadPositionsAsync(cancellationToken).ConfigureAwait(false);
            var isWaiting = false;
            foreach (var boot in _boots.Earlier(_journal.Boot))
            {
                isWaiting |= !await ShipBootAsync(boot, isOver: true, cancellationToken).ConfigureAwait(false);
            }

            _hasEarlierBoots = isWaiting;
            await ShipBootAsync(_journal.Boot, isOver: false, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (AuditPositionLostException)
        {
            Log.PositionLost(_logger, Name);
            _hasEarlierBoots = true;
            return false;
        }
    }

    private AuditPosition PositionIn(Guid boot) => _positions.TryGetValue(boot, out var position) ? position : new(boot);

    private async Task ReadPositionsAsync(CancellationToken cancellationToken)
    {
        var kept = await CallAsync(token => _sink.ReadPositionsAsync(_journal.Instance, token), cancellationToken).ConfigureAwait(false);
        _keepsPositions = kept is not null;

        // Of what a sink says later it can only have lost something: what it has not been sent it does not have.
        var (known, isFirst) = (_positions.ToDictionary(), !_hasPositions);
        _positions.Clear();
        foreach (var position in kept ?? _file.Read())
        {
            if (isFirst || known.ContainsKey(position.Boot))
            {
                _positions[position.Boot] = isFirst ? position : position.Earlier(known[position.Boot]);
            }
        }

        _hasPositions = true;
    }

    // Whether nothing is missing that may come yet.
    private async Task<bool> ShipBootAsync(Guid boot, bool isOver, CancellationToken cancellationToken)
    {
        using var reader = new BootReader(_journal.Instance, _boots.Of(boot), PositionIn(boot), _registration.Options);
        while (true)
        {
            // In this order: what is written when it is closed is all there will be.
            var (isClosed, now) = (_closed.IsCancellationRequested, _time.GetTimestamp());
            var batch = reader.Read(isOver ? null : _journal.Written);
            if (batch.Unreadable.Count > 0)
            {
                Unreadable(boot, batch);
            }

            if (!batch.IsEmpty)
            {
                await ShipAsync(batch, 0, batch.Count, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (reader.IsWaiting && !_isWaiting)
            {
                _isWaiting = true;
                Log.Waits(_logger, Name, boot);
            }

            if (isOver || isClosed)
            {
                return !reader.IsWaiting;
            }

            Volatile.Write(ref _completeAt, now);
            await WaitAsync(cancellationToken).ConfigureAwait(false);
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
            Moved(part.Position);
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

        Moved(behind.Position);
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

        foreach (var conflict in receipt.Conflicts)
        {
            Log.Conflict(_logger, Name, conflict.Sequence, part.Boot);
            _journal.Append(_journal.NewEvent("integrity_violation", json =>
            {
                json.WriteString("sink"u8, Name);
                json.WriteString("boot"u8, part.Boot);
                json.WriteNumber("at"u8, conflict.Sequence);
                json.WriteString("found"u8, conflict.Hash);
            }));
        }

        _metrics.Shipped(Name, part.Records.Count - (int)receipt.Rejections.Sum(static rejection => rejection.Count));
        Moved(part.Position);
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

    private void Moved(AuditPosition position)
    {
        _positions[position.Boot] = position;
        if (!_keepsPositions)
        {
            _file.Write(_positions.Values.Where(one => one.Boot == _journal.Boot || _boots.Exists(one.Boot)));
        }
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
