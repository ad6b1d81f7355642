using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.Sharing;

/// <summary>
/// Asks the store of rates within a bound of time, or not at all while it is known to fail; it is tried then, once at a time, beside the requests. Safe to use from any thread.
/// </summary>
internal sealed class RateStoreLink(IRateStore? store, IOptions<ThrottlingOptions> options, SharingMetrics metrics, TimeProvider time)
{
    // A few requests at most wait for a store that has just gone.
    private const int FailuresToOpen = 3;

    // As many as may be set.
    private const int MaxInstances = 1_000;

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(500);

    // Two times the longest window, or the slowest burst, is the most that is ever true.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(2 * 365);

    private readonly TimeSpan _timeout = options.Value.StoreTimeout;
    private readonly Lock _lock = new();
    private volatile bool _isUp = store is not null;
    private volatile bool _isProbing;
    private int _failures;
    private long _lastTry;

    /// <summary>Whether the store is asked.</summary>
    public bool IsUp => _isUp;

    /// <summary>Whether a probe is due: the store is not asked, and was not tried for a while.</summary>
    public bool IsProbeDue => store is not null && !_isUp && !_isProbing && time.GetElapsedTime(Volatile.Read(ref _lastTry)) >= ProbeInterval;

    /// <summary>Among how many instances a rate is divided while it is not.</summary>
    public int Instances => options.Value.Instances ?? Counted();

    /// <summary>Until when a request that begins now waits for the store.</summary>
    public long Deadline => time.GetTimestamp() + (long)(_timeout.TotalSeconds * time.TimestampFrequency);

    /// <summary>Takes units, or none.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="rule">The rate.</param>
    /// <param name="cost">Units.</param>
    /// <param name="cancellationToken">Canceled when the caller has gone.</param>
    /// <param name="deadline">Until when the caller waits, if it has waited before: see <see cref="Deadline"/>.</param>
    /// <returns><see langword="null"/> if the store does not answer.</returns>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public ValueTask<RateAnswer?> TakeAsync(RateKey key, RateRule rule, long cost, CancellationToken cancellationToken, long deadline = long.MaxValue) =>
        AskAsync(key, rule, cost, isNoted: false, deadline, cancellationToken);

    /// <summary>Notes units that were taken or given back.</summary>
    /// <returns><see langword="null"/> if the store does not answer.</returns>
    public ValueTask<RateAnswer?> AddAsync(RateKey key, RateRule rule, long units) => AskAsync(key, rule, units, isNoted: true, long.MaxValue, CancellationToken.None);

    /// <summary>Waits for something else that waits for the store, not longer than until a deadline.</summary>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task WaitAsync(Task task, long deadline, CancellationToken cancellationToken)
    {
        await task.WaitAsync(Left(deadline), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Tries a store that is not asked, unless that was done a moment ago. Nobody waits for it.</summary>
    public void Probe(RateKey key, RateRule rule)
    {
        lock (_lock)
        {
            if (!IsProbeDue)
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

    private ValueTask<RateAnswer?> AskAsync(RateKey key, RateRule rule, long units, bool isNoted, long deadline, CancellationToken cancellationToken)
    {
        if (!_isUp)
        {
            Probe(key, rule);
            return default;
        }

        var timeout = Left(deadline);
        if (timeout == TimeSpan.Zero)
        {
            return default;
        }

        var asked = Send(key, rule, units, isNoted, cancellationToken);
        return asked.IsCompletedSuccessfully ? new(Answered(asked.Result)) : AwaitAsync(asked, timeout, cancellationToken);
    }

    private TimeSpan Left(long deadline)
    {
        var now = time.GetTimestamp();
        return deadline <= now ? TimeSpan.Zero : deadline == long.MaxValue || time.GetElapsedTime(now, deadline) is var left && left > _timeout ? _timeout : left;
    }

    // Code of others, asked while requests are decided.
    private int Counted()
    {
        try
        {
            return Math.Clamp(store?.Instances ?? 1, 1, MaxInstances);
        }
        catch (Exception)
        {
            return 1;
        }
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

    private async ValueTask<RateAnswer?> AwaitAsync(ValueTask<RateAnswer> asked, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return Answered(await asked.AsTask().Observed().WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Who has waited before may have given it too little time.
            if (timeout > _timeout / 2 && Interlocked.Increment(ref _failures) >= FailuresToOpen)
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

        // Whatever it says fits the clock.
        return answer with
        {
            Remaining = Math.Max(0, answer.Remaining),
            Wait = Bounded(answer.Wait),
            Next = answer.Next is { } next ? Bounded(next) : null,
            FullAfter = Bounded(answer.FullAfter),
        };
    }

    private static TimeSpan Bounded(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time > Longest ? Longest : time;

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
            Volatile.Write(ref _lastTry, time.GetTimestamp());
            Volatile.Write(ref _failures, 0);
            if (_isUp != failure is null)
            {
                _isUp = failure is null;
                metrics.Changed(failure);
            }
        }
    }
}
