using GatewayKit.Pipeline;
using GatewayKit.Resilience;

namespace GatewayKit.Tests.Resilience.Model;

/// <summary>
/// The circuit breaker as one would explain it: every result is kept and counted again each time, time passes before anything else happens, nothing is
/// shared, packed or shortened. It knows the policy and the names of states from the product, and nothing else.
/// </summary>
internal sealed class ReferenceCircuit(CircuitBreakerPolicy policy, Random random, long now)
{
    private readonly List<(long Slot, CallResult Result, bool Slow)> _results = [];
    private readonly List<Call> _probes = [];
    private int _successfulProbes;
    private int _breaks;
    private long _enteredAt = now;
    private long _opensUntil;
    private object _era = new();

    public CircuitState State { get; private set; }

    /// <summary>Whether it stops anybody.</summary>
    public bool Bites { get; private set; }

    public List<CircuitChange> Changes { get; } = [];

    public double ShareAt(long now) => State switch
    {
        CircuitState.Closed => 1,
        _ when !Bites => 1,
        CircuitState.HalfOpen => 0.1,
        CircuitState.Recovering => Math.Max(0.1, StepAt(now) / 10),
        _ => 0,
    };

    /// <summary>How many of the ten steps of its recovery are done.</summary>
    public double StepAt(long now) => Math.Floor(10.0 * (now - _enteredAt) / policy.Recovery.Ticks);

    public TimeSpan RetryAfterAt(long now) => State is CircuitState.Open ? TimeSpan.FromTicks(_opensUntil - now) : TimeSpan.Zero;

    /// <summary>What happens by itself until then.</summary>
    public void Pass(long now)
    {
        if (State is CircuitState.Open && now >= _opensUntil)
        {
            Go(CircuitState.HalfOpen, "time", now);
        }

        if (State is CircuitState.Recovering && now >= _enteredAt + policy.Recovery.Ticks)
        {
            Go(CircuitState.Closed, "recovered", _enteredAt + policy.Recovery.Ticks);
        }
    }

    /// <summary>A call that wants to go; <see langword="null"/> if it may not.</summary>
    public Call? Enter(bool isOnly, long now)
    {
        Pass(now);
        switch (State)
        {
            case CircuitState.Closed:
                return new(_era);
            case CircuitState.Recovering:
                var share = ShareAt(now);
                return !isOnly || !Bites || random.NextDouble() < share ? new(_era) : null;
            case CircuitState.HalfOpen when _probes.Count < policy.MaxProbes:
                var probe = new Call(_era);
                _probes.Add(probe);
                return probe;
            default:
                // One that only watches lets everybody go, and looks at nobody it would have stopped.
                return Bites ? null : new(new object());
        }
    }

    public bool IsProbe(Call call) => _probes.Contains(call);

    public void Leave(Call call, CallResult result, TimeSpan took, TimeSpan? retryAfter, long now)
    {
        Pass(now);
        if (call.Era != _era)
        {
            return;
        }

        var isSlow = policy.SlowCall is not null && took >= policy.SlowCall;
        if (_probes.Remove(call))
        {
            if (result is CallResult.Failure || (result is CallResult.Success && isSlow))
            {
                Break(result is CallResult.Failure ? "probe-failed" : "probe-slow", 1, 1, retryAfter, Bites, now);
            }
            else if (result is CallResult.Success && ++_successfulProbes == policy.SuccessesToRecover)
            {
                Go(policy.Recovery == TimeSpan.Zero ? CircuitState.Closed : CircuitState.Recovering, "probes-succeeded", now, _successfulProbes);
            }

            return;
        }

        if (result is CallResult.Neutral || policy.Mode is PolicyMode.Off)
        {
            return;
        }

        _results.Add((SlotOf(now), result, isSlow));
        var recent = _results.Where(one => one.Slot > SlotOf(now) - 10).ToList();
        var (all, failures, slow) = (recent.Count, recent.Count(static one => one.Result is CallResult.Failure), recent.Count(static one => one.Slow));
        var inARow = _results.AsEnumerable().Reverse().TakeWhile(static one => one.Result is CallResult.Failure).Count();
        var bites = Bites || policy.Mode is PolicyMode.Enforce;
        if (all < policy.MinResults)
        {
            if (policy.FailuresInARow > 0 && inARow >= policy.FailuresInARow)
            {
                Break("failures-in-a-row", all, failures, retryAfter, bites, now);
            }
        }
        else if (100.0 * failures >= policy.FailurePercent * all)
        {
            Break("failure-share", all, failures, retryAfter, bites, now);
        }
        else if (policy.SlowCall is not null && 100.0 * slow >= policy.SlowPercent * all)
        {
            Break("slow-share", all, slow, retryAfter, bites, now);
        }
    }

    public void Trip(int samples, int failures, long now)
    {
        Pass(now);
        if (State is CircuitState.Closed or CircuitState.HalfOpen or CircuitState.Recovering)
        {
            Break("outlier", samples, failures, null, bites: true, now);
        }
    }

    public void ProbeEarly(long now)
    {
        Pass(now);
        if (State is CircuitState.Open)
        {
            Go(CircuitState.HalfOpen, "health-check", now);
        }
    }

    public void Isolate(long now)
    {
        Pass(now);
        if (State is not CircuitState.Isolated)
        {
            Bites = true;
            Go(CircuitState.Isolated, "isolated", now);
        }
    }

    public void Close(long now)
    {
        Pass(now);
        _breaks = 0;
        if (State is not CircuitState.Closed)
        {
            Go(CircuitState.Closed, "closed", now);
        }
    }

    private void Break(string reason, int samples, int failures, TimeSpan? retryAfter, bool bites, long now)
    {
        if (State is CircuitState.Closed && now - _enteredAt >= TimeSpan.FromMinutes(5).Ticks)
        {
            _breaks = 0;
        }

        var doubled = policy.OpenFor.TotalSeconds;
        for (var i = 0; i < _breaks && doubled < policy.MaxOpenFor.TotalSeconds; i++)
        {
            doubled *= 2;
        }

        _breaks++;
        var length = TimeSpan.FromSeconds(Math.Min(policy.MaxOpenFor.TotalSeconds, doubled) * (0.8 + (0.4 * random.NextDouble())));
        var asked = retryAfter > policy.MaxOpenFor ? policy.MaxOpenFor : retryAfter ?? TimeSpan.Zero;
        Bites = bites;
        var openFor = Math.Max(length.Ticks, asked.Ticks);
        Go(CircuitState.Open, reason, now, samples, failures, openFor);
        _opensUntil = now + openFor;
    }

    private void Go(CircuitState to, string reason, long now, int samples = 0, int failures = 0, long openFor = 0)
    {
        Changes.Add(new(State, to, reason, samples, failures, new(openFor)));
        (State, _enteredAt, _era, _successfulProbes) = (to, now, new(), 0);
        Bites = Bites && to is not CircuitState.Closed;
        _results.Clear();
        _probes.Clear();
    }

    private long SlotOf(long now) => now / (policy.Window.Ticks / 10);

    /// <summary>A call under way.</summary>
    public sealed class Call(object era)
    {
        public object Era => era;
    }
}
