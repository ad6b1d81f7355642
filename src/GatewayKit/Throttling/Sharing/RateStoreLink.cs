using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.Sharing;

/// <summary>
/// Asks the store of rates within a bound of time, or not at all while it is known to fail; it is tried then, once at a time, beside the requests. Safe to use from any thread.
/// </summary>
internal sealed class RateStoreLink(IRateStore? store, IOptions<ThrottlingOptions> options, SharingMetrics metrics, TimeProvider time)
{
    // A few requests at most wait for a store that has just gone.
    private const int FailuresToOpen = 3;

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(500);

    private readonly TimeSpan _timeout = options.Value.StoreTimeout;
    private readonly Lock _lock = new();
    private volatile bool _isUp = store is not null;
    private bool _isProbing;
    private int _failures;
    private long _lastTry;

    /// <summary>Whether the store is asked.</summary>
    public bool IsUp => _isUp;

    /// <summary>Among how many instances a rate is divided while it is not.</summary>
    public int Instances => options.Value.Instances ?? Math.Max(1, store?.Instances ?? 1);

    /// <summary>Takes units, or none.</summary>
    /// <returns><see langword="null"/> if the store does not answer.</returns>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public ValueTask<RateAnswer?> TakeAsync(RateKey key, RateRule rule, long cost, CancellationToken cancellationToken) => AskAsync(key, rule, cost, isNoted: false, cancellationToken);

    /// <summary>Notes units that were taken or given back.</summary>
    /// <returns><see langword="null"/> if the store does not answer.</returns>
    public ValueTask<RateAnswer?> AddAsync(RateKey key, RateRule rule, long units) => AskAsync(key, rule, units, isNoted: true, CancellationToken.None);

    private ValueTask<RateAnswer?> AskAsync(RateKey key, RateRule rule, long units, bool isNoted, CancellationToken cancellationToken)
    {
        if (!_isUp)
        {
            Probe(key, rule);
            return default;
        }

        var asked = Send(key, rule, units, isNoted, cancellationToken);
        return asked.IsCompletedSuccessfully ? new(Answered(asked.Result)) : AwaitAsync(asked, cancellationToken);
    }

    // A store may also throw before there is a task.
    private ValueTask<RateAnswer> Send(RateKey key, RateRule rule, long units, bool isNoted, CancellationToken cancellationToken)
    {
        try
        {
            return isNoted ? store!.AddAsync(key, rule, units, cancellationToken) : store!.TakeAsync(key, rule, units, cancellationToken);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<RateAnswer>(exception);
        }
    }

    private async ValueTask<RateAnswer?> AwaitAsync(ValueTask<RateAnswer> asked, CancellationToken cancellationToken)
    {
        try
        {
            return Answered(await asked.AsTask().Observed().WaitAsync(_timeout, time, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            if (Interlocked.Increment(ref _failures) >= FailuresToOpen)
            {
                Change(exception);
            }

            return null;
        }
    }

    private RateAnswer Answered(in RateAnswer answer)
    {
        if (Volatile.Read(ref _failures) != 0)
        {
            Volatile.Write(ref _failures, 0);
        }

        return answer;
    }

    private void Probe(RateKey key, RateRule rule)
    {
        lock (_lock)
        {
            if (store is null || _isUp || _isProbing || time.GetElapsedTime(_lastTry) < ProbeInterval)
            {
                return;
            }

            _isProbing = true;
        }

        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(() => ProbeAsync(key, rule));
        }
    }

    // It asks and takes nothing.
    private async Task ProbeAsync(RateKey key, RateRule rule)
    {
        Exception? failure = null;
        try
        {
            await Send(key, rule, 0, isNoted: false, CancellationToken.None).AsTask().Observed().WaitAsync(_timeout, time).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        Change(failure, isProbe: true);
    }

    private void Change(Exception? failure, bool isProbe = false)
    {
        lock (_lock)
        {
            _isProbing &= !isProbe;
            _lastTry = time.GetTimestamp();
            Volatile.Write(ref _failures, 0);
            if (_isUp != failure is null)
            {
                _isUp = failure is null;
                metrics.Changed(failure);
            }
        }
    }
}
