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

    private readonly KnownRate<TRate, TState> _rate = new(rate);
    private readonly KeyOverflow _overflow = new(place, partition, maxKeys, clock, metrics);
    private readonly long _interval = ThrottleClock.ToUnits(interval);
    private readonly RateCommits.Queue _soon = commits.Every(Soon), _later = commits.Every(interval);
    private readonly KeyedStates<KnownRate<TRate, TState>, KnownState<TState>> _states = new(new(rate), clock, maxKeys);

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
        if (!_states.TryRun(key, ref step))
        {
            _overflow.Note();
            key = KeyedStates<KnownRate<TRate, TState>, KnownState<TState>>.Overflow;
            _states.TryRun(key, ref step);
        }

        Enqueue(httpContext, key, step.IsNew, step.IsStale);
        return step.Decision;
    }

    public override void Settle(HttpContext httpContext, ThrottleKey key, in RateUse use)
    {
        var step = new SettleStep(_rate, use);
        if (!_states.TryRun(key, ref step))
        {
            key = KeyedStates<KnownRate<TRate, TState>, KnownState<TState>>.Overflow;
            _states.TryRun(key, ref step);
        }

        Enqueue(httpContext, key, step.IsNew, isStale: false);
    }

    public override long CorrectionOf(in RateUse use) => _rate.Correction(use, clock.Now);

    public override RateDecision Follow(ThrottleKey key, in RateAnswer answer)
    {
        // A key for which there is no room falls back with all the others of that kind, if it ever does.
        var step = new FollowStep(rate, answer, forgotten: 0);
        _states.TryRun(key, ref step);
        return new(
            answer.IsAdmitted,
            clock.Now,
            answer.IsAdmitted ? 0 : ThrottleClock.ToUnits(answer.Wait),
            (int)Math.Clamp(answer.Remaining, 0, int.MaxValue),
            answer.Next is { } next ? ThrottleClock.ToUnits(next) : 0,
            answer.IsAdmitted ? rate.MarkOf(answer, clock.Now) : 0);
    }

    public override RateDecision Describe(ThrottleKey key, int more, long mark)
    {
        var step = new LookStep(rate);
        _states.TryRun(key, ref step);
        return new(IsTaken: true, clock.Now, Wait: 0, step.Remaining + more, step.Next, mark);
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
        var step = default(BeginStep);
        _states.TryRun(key, ref step);
        return step.Units;
    }

    public override void EndCommit(ThrottleKey key, int units, in RateAnswer answer)
    {
        // What it has forgotten it is told again: the others know nothing of it.
        var step = new FollowStep(rate, answer, rate.Forgets(answer) ? units : 0);
        _states.TryRun(key, ref step);
    }

    public override void FailCommit(in RateCommit commit, long units)
    {
        var step = new FailStep(units);
        _states.TryRun(commit.Key, ref step);
        if (step.IsNew && !_later.TryAdd(commit))
        {
            Forget(commit.Key);
        }
    }

    private void Enqueue(HttpContext httpContext, ThrottleKey key, bool isNew, bool isStale)
    {
        // Once for each key and interval, so that requests do not pay for the hash. Who comes back after a while has to hear at once what the others have done meanwhile.
        if (isNew && !(isStale ? _soon : _later).TryAdd(new(this, key, StoreKeyOf(httpContext, key))))
        {
            Forget(key);
        }
    }

    // Without room in the queue it is tried again with the next request of the key; what is pending stays so until then.
    private void Forget(ThrottleKey key)
    {
        var step = default(ForgetStep);
        _states.TryRun(key, ref step);
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
                next = next with { Pending = KnownRate<TRate, TState>.Add(state.Pending, cost) };
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
            IsNew = !state.IsQueued;
            state = rate.Settle(state, use, now) with { IsQueued = true };
        }
    }

    private readonly struct FollowStep(TRate rate, RateAnswer answer, int forgotten) : IRateStep<KnownState<TState>>
    {
        public void Run(ref KnownState<TState> state, long now)
        {
            var pending = KnownRate<TRate, TState>.Add(state.Pending, forgotten);
            state = state with { State = rate.Follow(state.State, answer, pending, now), Pending = pending, HeardAt = now };
        }
    }

    private struct LookStep(TRate rate) : IRateStep<KnownState<TState>>
    {
        public int Remaining;
        public long Next;

        public void Run(ref KnownState<TState> state, long now) => Remaining = rate.Remaining(state.State, now, out Next);
    }

    private struct BatchStep(TRate rate, int cost, int batch, int instances) : IRateStep<KnownState<TState>>
    {
        public int Units;

        public void Run(ref KnownState<TState> state, long now) => Units = rate.BatchFor(state.State, now, cost, batch, instances);
    }

    private struct BeginStep : IRateStep<KnownState<TState>>
    {
        public int Units;

        public void Run(ref KnownState<TState> state, long now)
        {
            Units = state.Pending;
            state = state with { Pending = 0, IsQueued = false };
        }
    }

    private struct FailStep(long units) : IRateStep<KnownState<TState>>
    {
        public bool IsNew;

        public void Run(ref KnownState<TState> state, long now)
        {
            IsNew = !state.IsQueued;
            state = state with { Pending = KnownRate<TRate, TState>.Add(state.Pending, units), IsQueued = true };
        }
    }

    private readonly struct ForgetStep : IRateStep<KnownState<TState>>
    {
        public void Run(ref KnownState<TState> state, long now) => state = state with { IsQueued = false };
    }
}
