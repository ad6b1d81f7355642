namespace GatewayKit.Identity.Consumers;

/// <summary>
/// One store whose changes are read about once a second while somebody needs it. What is known from it counts only as long as that works, so that a revocation is seen in time or
/// nobody gets in. Safe for concurrent use.
/// </summary>
internal sealed class FollowedStore : IDisposable
{
    /// <summary>How often changes are read.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>How long what is known counts after changes were asked for: with a request that is just being decided, within the 5 s that are promised.</summary>
    public static readonly TimeSpan TrustedFor = TimeSpan.FromSeconds(4);

    /// <summary>How long changes are read after the last use.</summary>
    public static readonly TimeSpan FollowedFor = TimeSpan.FromSeconds(30);

    private readonly IConsumerStore _store;
    private readonly Action<FollowedStore, ConsumerChanges> _changed;
    private readonly ConsumerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();

    private readonly long _period, _trustedFor, _followedFor;
    private string? _cursor;
    private Task? _reading;
    private long _readAt, _failedAt, _usedAt;
    private volatile bool _hasRead, _isAway, _isDisposed;

    public FollowedStore(IConsumerStore store, Action<FollowedStore, ConsumerChanges> changed, ConsumerOptions options, ConsumerMetrics metrics, TimeProvider time)
    {
        (_store, _changed, _metrics, _time, _timeout) = (store, changed, metrics, time, options.StoreTimeout);
        (_period, _trustedFor, _followedFor) = (Ticks(Period), Ticks(TrustedFor), Ticks(FollowedFor));
        _usedAt = _readAt = time.GetTimestamp();
        Alone = [this];
        _timer = time.CreateDetachedTimer(static state => ((FollowedStore)state!).Tick(), this);

        long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
    }

    public string Name => _store.Name;

    /// <summary>It alone.</summary>
    public FollowedStore[] Alone { get; }

    /// <summary>Whether what is known from it counts.</summary>
    public bool IsTrusted(long now)
    {
        // Once in a while: all requests write here.
        if (now - Volatile.Read(ref _usedAt) > _period)
        {
            Volatile.Write(ref _usedAt, now);
        }

        return _hasRead && now - Volatile.Read(ref _readAt) <= _trustedFor;
    }

    /// <summary>Reads changes if what is known from it does not count.</summary>
    /// <exception cref="ConsumerStoreException">They cannot be read.</exception>
    public Task FollowAsync()
    {
        var now = _time.GetTimestamp();
        if (IsTrusted(now))
        {
            return Task.CompletedTask;
        }

        TaskCompletionSource read;
        lock (_lock)
        {
            if (_reading is { } reading)
            {
                return reading;
            }

            if (_isAway && now - _failedAt < _period)
            {
                // It was asked a moment ago.
                return Task.FromException(new ConsumerStoreException(Name));
            }

            read = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _reading = read.Task.Observed();
        }

        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _ = ReadAsync(read);
        }

        return read.Task;
    }

    /// <summary>Finds the consumer that a credential belongs to.</summary>
    /// <exception cref="ConsumerStoreException">It does not answer in time.</exception>
    public async ValueTask<Consumer?> FindAsync(CredentialKind kind, string id)
    {
        try
        {
            return await InTimeAsync(cancellationToken => _store.FindAsync(kind, id, cancellationToken)).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _metrics.StoreFailed(Name, exception);
            throw new ConsumerStoreException(Name, exception);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        _timer.Dispose();
    }

    private void Tick()
    {
        if (_time.GetTimestamp() - Volatile.Read(ref _usedAt) > _followedFor)
        {
            // Whoever needs it next reads what was missed first.
            return;
        }

        TaskCompletionSource read;
        lock (_lock)
        {
            if (_reading is not null)
            {
                return;
            }

            read = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _reading = read.Task.Observed();
        }

        _ = ReadAsync(read);
    }

    private async Task ReadAsync(TaskCompletionSource read)
    {
        // What a change is later than this is read the next time.
        var asked = _time.GetTimestamp();
        ConsumerStoreException? failure = null;
        try
        {
            var changes = await InTimeAsync(cancellationToken => _store.ReadChangesAsync(_cursor, cancellationToken)).ConfigureAwait(false);
            ArgumentNullException.ThrowIfNull(changes?.Cursor);
            if (_cursor is not null)
            {
                _changed(this, changes);
            }

            _cursor = changes.Cursor;
            Volatile.Write(ref _readAt, asked);
            _hasRead = true;
        }
        catch (Exception exception)
        {
            failure = new(Name, exception);
            Volatile.Write(ref _failedAt, _time.GetTimestamp());
            _metrics.StoreFailed(Name, exception);
        }

        if (_isAway != failure is not null)
        {
            _isAway = failure is not null;
            _metrics.StoreChanged(Name, failure?.InnerException);
        }

        lock (_lock)
        {
            _reading = null;
        }

        if (!_isDisposed)
        {
            _timer.Change(Jitter.Around(Period, Random.Shared.NextDouble), Timeout.InfiniteTimeSpan);
        }

        if (failure is null)
        {
            read.SetResult();
        }
        else
        {
            read.SetException(failure);
        }
    }

    // Also of a store that waits before it has a task, or does not look at the token.
    private async ValueTask<T> InTimeAsync<T>(Func<CancellationToken, ValueTask<T>> ask)
    {
        using var stop = new CancellationTokenSource(_timeout, _time);
        var asking = ask(stop.Token);
        if (asking.IsCompletedSuccessfully)
        {
            return asking.Result;
        }

        try
        {
            return await asking.AsTask().Observed().WaitAsync(_timeout, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }
}
