using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Sharing;

/// <summary>The allowances of a shared rate by what tells them apart, in bounded memory.</summary>
/// <param name="place">Where the throttle is, for telemetry.</param>
/// <param name="partition">What shares one allowance.</param>
/// <param name="rate">The rate.</param>
/// <param name="rule">The same for the store.</param>
/// <param name="keys">Makes the store's keys.</param>
/// <param name="clock">The time.</param>
/// <param name="maxKeys">How many keys must find room at once, at least 64.</param>
/// <param name="commits">Tells the store.</param>
/// <param name="interval">How long after a key has changed, unless nothing was heard of it for longer.</param>
/// <param name="metrics">Takes what is unusual.</param>
internal sealed class KeyedLocalView<TRate, TState>(
    string place, ThrottlePartition partition, TRate rate, RateRule rule, RateKeys keys, ThrottleClock clock, int maxKeys, RateCommits commits, TimeSpan interval, ThrottlingMetrics metrics) : LocalView
    where TRate : struct, ISharedRate<TState>
    where TState : unmanaged
{
    // At once, and those that come together are told together.
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(1);

    private readonly KnownRate<TRate, TState> _rate = Known(rate, rule, interval);
    private readonly KeyOverflow _overflow = new(place, partition, maxKeys, clock, metrics);
    private readonly long _interval = ThrottleClock.ToUnits(interval);
    private readonly RateCommits.Queue _soon = commits.Every(Soon), _later = commits.Every(interval);
    private readonly KeyedStates<KnownRate<TRate, TState>, KnownState<TState>> _states = new(Known(rate, rule, interval), clock, maxKeys);

    public override RateRule Rule => rule;

    public override ThrottleKey KeyOf(HttpContext httpContext)
    {
        if (partition.Parts.Length == 0)
        {
            return KeyedStates<KnownRate<TRate, TState>, KnownState<TState>>.Whole;
        }

        if (ThrottleKey.TryRead(httpContext, partition, out var key))
        {
            return key;
        }

        metrics.Anonymous(place, partition);
        return KeyedStates<KnownRate<TRate, TState>, KnownState<TState>>.Anonymous;
    }

    public override RateKey StoreKeyOf(HttpContext httpContext, ThrottleKey key) => KeyedStates<KnownRate<TRate, TState>, KnownState<TState>>.IsFixed(key) ? keys.Fixed(key.Low) : keys.Of(httpContext);

    public override RateDecision Take(HttpContext httpContext, ThrottleKey key, int cost, int instances)
    {
        var step = new TakeStep(_rate, cost, instances, rule.Burst, _interval);
        var overflows = !_states.TryRun(key, ref step);
        if (overflows)
        {
            _overflow.Note();
            key = KeyedStates<KnownRate<TRate, TState>, KnownState<TState>>.Overflow;
            _states.TryRun(key, ref step);
        }

        Enqueue(httpContext, key, step.IsNew, step.IsStale);
        return step.Decision with { IsOverflow = overflows };
    }

    public override RateDecision Settle(HttpContext httpContext, ThrottleKey key, in RateUse use)
    {
        var step = new SettleStep(_rate, use);
        var overflows = use.IsOverflow || !_states.TryRun(key, ref step);
        if (overflows && !use.IsOverflow && use.Actual <= use.Reserved)
        {
            // Its place was full and is another key's: all that it took has come back by itself, and nobody else gave it.
            return RateDecision.Unknown(isTaken: true, clock.Now);
        }

        if (overflows)
        {
            key = KeyedStates<KnownRate<TRate, TState>, KnownState<TState>>.Overflow;
            _states.TryRun(key, ref step);
        }

        Enqueue(httpContext, key, step.IsNew, isStale: false);
        return Describe(key, more: 0, use.Mark);
    }

    public override long CorrectionOf(in RateUse use) => _rate.Correction(use, clock.Now);

    public override RateDecision Follow(ThrottleKey key, RateKey storeKey, in RateAnswer answer, long asked)
    {
        // A key for which there is no room falls back with all the others of that kind, if it ever does.
        Follow(new(this, key, storeKey), answer, uncounted: 0);
        return new(
            answer.IsAdmitted,
            clock.Now,
            answer.IsAdmitted ? 0 : ThrottleClock.ToUnits(answer.Wait),
            (int)Math.Clamp(answer.Remaining, 0, int.MaxValue),
            answer.Next is { } next ? ThrottleClock.ToUnits(next) : 0,
            answer.IsAdmitted ? rate.MarkOf(answer, asked) : 0);
    }

    public override RateDecision Describe(ThrottleKey key, int more, long mark)
    {
        var step = new LookStep(rate);
        _states.TryRun(key, ref step);
        return new(IsTaken: true, clock.Now, Wait: 0, step.Remaining + more, step.Next, mark);
    }

    public override bool IsCommon(ThrottleKey key) => partition.Parts.Length > 0 && KeyedStates<KnownRate<TRate, TState>, KnownState<TState>>.IsFixed(key);

    public override (long More, long Next) Untold(ThrottleKey key)
    {
        var step = new UntoldStep(_rate);
        _states.TryRun(key, ref step);
        return (-step.Units, step.Next);
    }

    public override int BatchFor(ThrottleKey key, int cost, int batch, int instances)
    {
        var step = new BatchStep(rate, cost, batch, instances) { Units = cost };
        _states.TryRun(key, ref step);
        return step.Units;
    }

    public override long LifetimeOf(in RateAnswer answer, long ahead) => rate.Lifetime(answer, ahead);

    public override int BeginCommit(ThrottleKey key)
    {
        var step = new BeginStep(_rate);
        _states.TryRun(key, ref step);
        return step.Units;
    }

    // What it has not counted it is told again: the others know nothing of it.
    public override void EndCommit(in RateCommit commit, int units, in RateAnswer answer) =>
        Follow(commit, answer, uncounted: (int)Math.Clamp(answer.Uncounted, 0, Math.Max(0, units)));

    public override void FailCommit(in RateCommit commit, long units) => Enqueue(_later, commit, Note(commit, units, new(Reserved: 0, Actual: 0, clock.Now)));

    public override void Correct(in RateCommit commit, long units) => Enqueue(_later, commit, Note(commit, units));

    public override bool Note(in RateCommit commit, long units) =>
        Note(commit, units, units < 0 ? new((int)Math.Min(-units, int.MaxValue), Actual: 0, clock.Now) : new(Reserved: 0, Actual: units, clock.Now));

    // It waits for one interval, and for as long until those before it are told.
    private static KnownRate<TRate, TState> Known(TRate rate, RateRule rule, TimeSpan interval) => new(rate, rule.Burst, (long)Math.Ceiling(rule.Limit * 2 * (interval / rule.Window)));

    private bool Note(in RateCommit commit, long units, in RateUse use)
    {
        var step = new NoteStep(_rate, units, use);
        _states.TryRun(commit.Key, ref step);
        return step.IsNew;
    }

    private void Follow(in RateCommit commit, in RateAnswer answer, int uncounted)
    {
        var step = new FollowStep(_rate, answer, uncounted);
        _states.TryRun(commit.Key, ref step);
        Enqueue(_later, commit, step.IsNew);
    }

    private void Enqueue(HttpContext httpContext, ThrottleKey key, bool isNew, bool isStale)
    {
        // Once for each key and interval, so that requests do not pay for the hash. Who comes back after a while has to hear at once what the others have done meanwhile.
        if (isNew)
        {
            Enqueue(isStale ? _soon : _later, new(this, key, StoreKeyOf(httpContext, key)), isNew);
        }
    }

    // Without room in the queue it is tried again with the next request of the key; what is pending stays so until then.
    private void Enqueue(RateCommits.Queue queue, in RateCommit commit, bool isNew)
    {
        if (isNew && !queue.TryAdd(commit))
        {
            var step = default(ForgetStep);
            _states.TryRun(commit.Key, ref step);
        }
    }

    private struct TakeStep(KnownRate<TRate, TState> rate, int cost, int instances, int capacity, long interval) : IRateStep<KnownState<TState>>
    {
        public RateDecision Decision;
        public bool IsNew, IsStale;

        public void Run(ref KnownState<TState> state, long now)
        {
            var counted = (int)Math.Min((long)cost * instances, capacity);
            var taken = rate.TryTake(state, now, counted, out var next, out var wait);
            if (taken && counted != cost)
            {
                next = next with { Pending = rate.OwedAlone(state, next.State, cost, instances, now) };
            }

            Decision = RateDecision.Of(rate, next, taken, now, wait);
            Decision = Decision with { Remaining = Decision.Remaining / instances };
            IsNew = rate.IsUsed(next) && !next.IsQueued;
            IsStale = next.HeardAt == 0 || now - next.HeardAt > interval;
            state = next with { IsQueued = next.IsQueued || IsNew };
        }
    }

    private struct SettleStep(KnownRate<TRate, TState> rate, RateUse use) : IRateStep<KnownState<TState>>
    {
        public bool IsNew;

        public void Run(ref KnownState<TState> state, long now)
        {
            if (rate.IsUsed(state) || use.Actual > use.Reserved)
            {
                IsNew = !state.IsQueued;
                state = rate.Settle(state, use, now) with { IsQueued = true };
            }
        }
    }

    private struct FollowStep(KnownRate<TRate, TState> rate, RateAnswer answer, int uncounted) : IRateStep<KnownState<TState>>
    {
        public bool IsNew;

        public void Run(ref KnownState<TState> state, long now)
        {
            var pending = rate.Add(rate.Owed(state, now), uncounted);

            // Where each request asks the store, nothing else would tell it of what is left from before.
            IsNew = pending != 0 && !state.IsQueued;
            state = new(rate.Rate.Follow(state.State, answer, pending, now), pending, HeardAt: now, state.IsQueued || IsNew);
        }
    }

    private struct LookStep(TRate rate) : IRateStep<KnownState<TState>>
    {
        public int Remaining;
        public long Next;

        public void Run(ref KnownState<TState> state, long now) => Remaining = rate.Remaining(state.State, now, out Next);
    }

    private struct UntoldStep(KnownRate<TRate, TState> rate) : IRateStep<KnownState<TState>>
    {
        public long Units;
        public long Next;

        public void Run(ref KnownState<TState> state, long now)
        {
            Units = rate.Owed(state, now);
            if (Units > 0)
            {
                rate.Remaining(state, now, out Next);
            }
        }
    }

    private struct BatchStep(TRate rate, int cost, int batch, int instances) : IRateStep<KnownState<TState>>
    {
        public int Units;

        public void Run(ref KnownState<TState> state, long now) => Units = rate.BatchFor(state.State, now, cost, batch, instances);
    }

    private struct BeginStep(KnownRate<TRate, TState> rate) : IRateStep<KnownState<TState>>
    {
        public int Units;

        public void Run(ref KnownState<TState> state, long now)
        {
            // For the rest there is no room yet: it would be counted nowhere.
            var pending = rate.Owed(state, now);
            Units = Math.Min(pending, rate.Rate.Room(state.State, pending, now));
            state = state with { Pending = pending - Units, IsQueued = false };
        }
    }

    private struct NoteStep(KnownRate<TRate, TState> rate, long units, RateUse use) : IRateStep<KnownState<TState>>
    {
        public bool IsNew;

        public void Run(ref KnownState<TState> state, long now)
        {
            // Even settled by nothing it is a state in use. What nobody uses is not kept.
            IsNew = !state.IsQueued;
            state = state with { State = rate.Rate.Settle(state.State, use, now), Pending = rate.Add(state.Pending, units), IsQueued = true };
        }
    }

    private readonly struct ForgetStep : IRateStep<KnownState<TState>>
    {
        public void Run(ref KnownState<TState> state, long now) => state = state with { IsQueued = false };
    }
}
