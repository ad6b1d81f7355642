namespace GatewayKit.Throttling.Sharing;

/// <summary>
/// Tells the store what was admitted without asking it, an interval after a key has changed: one step for each key, whatever happened to it meanwhile. One timer for all.
/// Safe to use from any thread.
/// </summary>
internal sealed class RateCommits(RateStoreLink link, SharingMetrics metrics, TimeProvider time) : IDisposable
{
    /// <summary>How many keys wait at most, of all throttles together.</summary>
    public const int MaxKeys = 10_000;

    // At once: the store's connection is not flooded, and a store that hangs is known to after the first few.
    private const int Together = 64;

    // A timer that is due does not run where it is set.
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(1);

    // The host has others to stop.
    private static readonly TimeSpan LastFlush = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly List<Queue> _queues = [];
    private ITimer? _timer;
    private int _count;
    private bool _isStopped;

    // Ends when those that are due have been told; null if none are.
    private TaskCompletionSource? _running;

    private long Frequency => time.TimestampFrequency;

    /// <summary>How many keys wait.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>Those that wait for an interval.</summary>
    public Queue Every(TimeSpan interval)
    {
        lock (_lock)
        {
            var queue = _queues.Find(known => known.Interval == interval);
            if (queue is null)
            {
                _queues.Add(queue = new(this, interval));
            }

            return queue;
        }
    }

    /// <summary>Tells the rest, and ends what is being told. Requests that come after it are not told.</summary>
    /// <param name="last">What is to be told then, as many as there are: they need no room among those that wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task StopAsync(IEnumerable<RateCommit> last, CancellationToken cancellationToken)
    {
        RateCommit[] rest;
        Task running;
        lock (_lock)
        {
            _isStopped = true;
            rest = [.. _queues.SelectMany(static queue => queue.Clear())];
            _count = 0;
            running = _running?.Task ?? Task.CompletedTask;
        }

        Dispose();
        await Task.WhenAll(running, FlushAsync(rest.Concat(last))).WaitAsync(LastFlush, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _timer?.Dispose();
            _timer = null;
        }
    }

    private bool TryAdd(Queue queue, in RateCommit commit)
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return false;
            }

            if (_count < MaxKeys)
            {
                _count++;
                if (queue.Add(commit, time.GetTimestamp()))
                {
                    Arm();
                }

                return true;
            }
        }

        metrics.Uncommitted(MaxKeys);
        return false;
    }

    // Under the lock.
    private void Arm()
    {
        if (_running is not null || _isStopped || _queues.Where(static queue => queue.Count > 0).MinBy(static queue => queue.Due) is not { } next)
        {
            return;
        }

        _timer ??= time.CreateDetachedTimer(static state => ((RateCommits)state!).Begin(), this);
        var wait = time.GetElapsedTime(time.GetTimestamp(), next.Due);
        _timer.Change(wait > Soonest ? wait : Soonest, Timeout.InfiniteTimeSpan);
    }

    private void Begin()
    {
        TaskCompletionSource running;
        lock (_lock)
        {
            if (_running is not null)
            {
                return;
            }

            _running = running = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        _ = RunAsync(running);
    }

    private async Task RunAsync(TaskCompletionSource running)
    {
        try
        {
            while (TakeDue() is { Length: > 0 } due)
            {
                await FlushAsync(due).ConfigureAwait(false);
            }
        }
        finally
        {
            // Whatever happens: else nothing would ever be told again.
            lock (_lock)
            {
                _running = null;
                Arm();
            }

            running.SetResult();
        }
    }

    private RateCommit[] TakeDue()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            RateCommit[] due = [.. _queues.Where(queue => queue.Count > 0 && queue.Due <= now).SelectMany(static queue => queue.Clear())];
            _count -= due.Length;
            return due;
        }
    }

    private async Task FlushAsync(IEnumerable<RateCommit> commits)
    {
        foreach (var together in commits.Chunk(Together))
        {
            await Task.WhenAll(together.Select(CommitAsync)).ConfigureAwait(false);
        }
    }

    // Unconditionally: it was admitted, and a second verdict would change nothing. Whatever is wrong with one of them, the others wait for their turn.
    private async Task CommitAsync(RateCommit commit)
    {
        var units = commit.View.BeginCommit(commit.Key);
        var isAsked = link.IsUp;
        RateAnswer? answered = null;
        try
        {
            answered = await link.AddAsync(commit.StoreKey, commit.View.Rule, units).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // As if it had not answered.
        }

        if (answered is { } answer)
        {
            commit.View.EndCommit(commit, units, answer);
        }
        else
        {
            // It may have been done all the same: what was taken is then counted twice, and what came back must not be.
            commit.View.FailCommit(commit, isAsked ? Math.Max(0, units) : units);
        }
    }

    /// <summary>Keys that wait for one interval.</summary>
    internal sealed class Queue(RateCommits commits, TimeSpan interval)
    {
        private readonly List<RateCommit> _waiting = [];

        public TimeSpan Interval { get; } = interval;

        public int Count => _waiting.Count;

        /// <summary>When the first of them has waited for it.</summary>
        public long Due { get; private set; }

        /// <summary>Adds a key that is not in it, unless too many wait.</summary>
        public bool TryAdd(in RateCommit commit) => commits.TryAdd(this, commit);

        /// <summary>Adds one under the lock.</summary>
        /// <returns>Whether it is the first.</returns>
        internal bool Add(in RateCommit commit, long now)
        {
            _waiting.Add(commit);
            if (_waiting.Count > 1)
            {
                return false;
            }

            Due = now + (long)(Interval.TotalSeconds * commits.Frequency);
            return true;
        }

        internal RateCommit[] Clear()
        {
            RateCommit[] all = [.. _waiting];
            _waiting.Clear();
            return all;
        }
    }
}
