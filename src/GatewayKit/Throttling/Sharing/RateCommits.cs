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
    private bool _isRunning, _isStopped;

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

    /// <summary>Tells the rest. Requests that come after it are not told.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        RateCommit[] rest;
        lock (_lock)
        {
            _isStopped = true;
            rest = [.. _queues.SelectMany(static queue => queue.Clear())];
            _count = 0;
        }

        Dispose();
        await FlushAsync(rest).WaitAsync(LastFlush, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            if (_count < MaxKeys && !_isStopped)
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
        if (_isRunning || _isStopped || _queues.Where(static queue => queue.Count > 0).MinBy(static queue => queue.Due) is not { } next)
        {
            return;
        }

        _timer ??= time.CreateDetachedTimer(static state => ((RateCommits)state!).Begin(), this);
        var wait = time.GetElapsedTime(time.GetTimestamp(), next.Due);
        _timer.Change(wait > Soonest ? wait : Soonest, Timeout.InfiniteTimeSpan);
    }

    private void Begin()
    {
        lock (_lock)
        {
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        _ = RunAsync();
    }

    private async Task RunAsync()
    {
        while (TakeDue() is { Length: > 0 } due)
        {
            await FlushAsync(due).ConfigureAwait(false);
        }
    }

    private RateCommit[] TakeDue()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            RateCommit[] due = [.. _queues.Where(queue => queue.Count > 0 && queue.Due <= now).SelectMany(static queue => queue.Clear())];
            _count -= due.Length;
            if (due.Length == 0)
            {
                _isRunning = false;
                Arm();
            }

            return due;
        }
    }

    private async Task FlushAsync(RateCommit[] commits)
    {
        for (var first = 0; first < commits.Length; first += Together)
        {
            await Task.WhenAll(commits[first..Math.Min(first + Together, commits.Length)].Select(CommitAsync)).ConfigureAwait(false);
        }
    }

    // Unconditionally: it was admitted, and a second verdict would change nothing.
    private async Task CommitAsync(RateCommit commit)
    {
        var units = commit.View.BeginCommit(commit.Key);
        if (await link.AddAsync(commit.StoreKey, commit.View.Rule, units).ConfigureAwait(false) is { } answer)
        {
            commit.View.EndCommit(commit.Key, units, answer);
        }
        else
        {
            // It may have been done all the same, and is then counted twice: stricter, never looser.
            commit.View.FailCommit(commit, units);
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
