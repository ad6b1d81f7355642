using GatewayKit.Pipeline;

namespace GatewayKit.Resilience;

/// <summary>
/// Leaves alone what fails: closed, open for a while, half open for a few calls, recovering little by little, closed. Every transition begins a
/// generation, and results of calls from an older one change nothing, so that a late success from before the break closes no circuit. Time is the
/// monotonic clock's. While closed, entering is one read and a success one addition, without a lock. Safe for concurrent use.
/// </summary>
/// <param name="policy">The rules.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Draws from 0 to 1; called by several threads.</param>
/// <param name="changed">Told of every change, after it and outside the lock: two changes at nearly the same time may be told in either order.</param>
internal sealed class CircuitBreaker(CircuitBreakerPolicy policy, TimeProvider time, Func<double> random, Action<CircuitChange>? changed = null)
{
    private readonly CircuitWindow _window = new(policy.Window, time);
    private readonly CircuitBreakTime _breakTime = new(policy, random);
    private readonly RecoveryRamp _ramp = new(policy.Recovery, time);
    private readonly Lock _lock = new();
    private long _standing = CircuitStanding.First.Word;

    // Written under the lock, except that a success ends a row without it.
    private int _inARow;
    private long _until = long.MaxValue;
    private long _since = time.GetTimestamp();
    private int _probes;
    private int _successes;

    public CircuitBreakerPolicy Policy => policy;

    /// <summary>What it is now.</summary>
    public CircuitState State => Current().State;

    /// <summary>Whether it stops calls that it does not let through; in shadow it only says what it would do.</summary>
    public bool Bites => Standing.Bites;

    /// <summary>The share of its traffic that it may have now, 0 to 1.</summary>
    public double Share => Current() switch
    {
        { Bites: false } => 1,
        { State: CircuitState.HalfOpen } => RecoveryRamp.Least,
        { State: CircuitState.Recovering } => _ramp.ShareAfter(Elapsed()),
        _ => 0,
    };

    /// <summary>When a call may pass again; zero if one may now, or if only <see cref="Close"/> lets one pass.</summary>
    public TimeSpan RetryAfter
    {
        get
        {
            lock (_lock)
            {
                return Standing.State is CircuitState.Open ? time.GetElapsedTime(Math.Min(time.GetTimestamp(), _until), _until) : TimeSpan.Zero;
            }
        }
    }

    /// <summary>The timestamp at which <see cref="State"/> or <see cref="Share"/> changes by time alone; <see cref="long.MaxValue"/> if never.</summary>
    public long NextChange
    {
        get
        {
            Current();
            lock (_lock)
            {
                return Standing.State switch
                {
                    CircuitState.Open => _until,
                    CircuitState.Recovering => _since + _ramp.NextStepAfter(Elapsed()),
                    _ => long.MaxValue,
                };
            }
        }
    }

    private CircuitStanding Standing => new(Volatile.Read(ref _standing));

    /// <summary>Asks for leave to call.</summary>
    /// <param name="permit">To be given back by <see cref="Leave"/>, once.</param>
    /// <param name="isOnly">Whether there is nowhere else to call, so that a share of the traffic means a share of the calls.</param>
    /// <returns>Whether the call may go.</returns>
    public bool TryEnter(out CircuitPermit permit, bool isOnly = false)
    {
        var standing = Standing;
        permit = new(standing.Generation, IsProbe: false);
        return standing.State is CircuitState.Closed || TryEnterDisturbed(isOnly, out permit);
    }

    /// <summary>Says what came of a call.</summary>
    /// <param name="permit">What <see cref="TryEnter"/> gave.</param>
    /// <param name="result">What the call says.</param>
    /// <param name="elapsed">How long the first sign of an answer took.</param>
    /// <param name="retryAfter">How long the one who was called asks to be left alone.</param>
    public void Leave(in CircuitPermit permit, CallResult result, TimeSpan elapsed, TimeSpan? retryAfter = null)
    {
        if (permit.Generation != Current().Generation)
        {
            return;
        }

        var isSlow = policy.SlowCall is { } limit && elapsed >= limit;
        if (permit.IsProbe)
        {
            Tell(EndProbe(permit, result, isSlow, retryAfter));
        }
        else if (result is not CallResult.Neutral && policy.Mode is not PolicyMode.Off)
        {
            Count(permit, result is CallResult.Failure, isSlow, retryAfter);
        }
    }

    /// <summary>Opens it by order of one who compares it with others.</summary>
    /// <param name="reason">Why, as a code.</param>
    /// <param name="samples">How many results led to it.</param>
    /// <param name="failures">How many of them were failures.</param>
    public void Trip(string reason, int samples, int failures)
    {
        Current();
        CircuitChange? change = null;
        lock (_lock)
        {
            if (Standing.State is not (CircuitState.Open or CircuitState.Isolated))
            {
                change = Open(reason, samples, failures, retryAfter: null, bites: true);
            }
        }

        Tell(change);
    }

    /// <summary>There is a sign that it is well again: calls are let through to see, earlier than planned.</summary>
    public void ProbeEarly()
    {
        Current();
        Go(CircuitState.Open, CircuitState.HalfOpen, CircuitReasons.HealthCheck);
    }

    /// <summary>Stops all calls until <see cref="Close"/>.</summary>
    public void Isolate() => Order(CircuitState.Isolated, CircuitReasons.Isolated);

    /// <summary>Lets all calls through, whatever was before.</summary>
    public void Close() => Order(CircuitState.Closed, CircuitReasons.Closed);

    private bool TryEnterDisturbed(bool isOnly, out CircuitPermit permit)
    {
        var standing = Current();
        permit = new(standing.Generation, IsProbe: false);
        switch (standing.State)
        {
            case CircuitState.Closed:
            case CircuitState.Recovering when !isOnly || !standing.Bites || random() < _ramp.ShareAfter(Elapsed()):
                return true;
            case CircuitState.HalfOpen when TryBeginProbe(standing):
                permit = permit with { IsProbe = true };
                return true;
            default:
                // In shadow the call goes all the same, and its result is nobody's.
                permit = default;
                return !standing.Bites;
        }
    }

    private bool TryBeginProbe(CircuitStanding standing)
    {
        lock (_lock)
        {
            if (Standing != standing || _probes >= policy.MaxProbes)
            {
                return false;
            }

            _probes++;
            return true;
        }
    }

    private CircuitChange? EndProbe(in CircuitPermit permit, CallResult result, bool isSlow, TimeSpan? retryAfter)
    {
        lock (_lock)
        {
            if (permit.Generation != Standing.Generation)
            {
                return null;
            }

            _probes--;
            return result switch
            {
                CallResult.Failure => Open(CircuitReasons.ProbeFailed, 1, 1, retryAfter, Bites),
                CallResult.Success when isSlow => Open(CircuitReasons.ProbeSlow, 1, 1, retryAfter, Bites),
                CallResult.Success when ++_successes >= policy.SuccessesToRecover =>
                    Enter(_ramp.IsNone ? CircuitState.Closed : CircuitState.Recovering, CircuitReasons.ProbesSucceeded, _successes, 0, Bites),
                _ => null,
            };
        }
    }

    private void Count(in CircuitPermit permit, bool isFailure, bool isSlow, TimeSpan? retryAfter)
    {
        if (!isFailure && !isSlow)
        {
            // Never under the lock, so that a few failures among many calls do not make the many wait for each other.
            var isTroubled = _window.Add(isFailure: false, isSlow: false);
            if (Volatile.Read(ref _inARow) != 0)
            {
                Volatile.Write(ref _inARow, 0);
            }

            if (!isTroubled || _window.Sum().ReasonToOpen(policy, inARow: 0) is null)
            {
                return;
            }
        }

        CircuitChange? change = null;
        lock (_lock)
        {
            if (permit.Generation == Standing.Generation)
            {
                change = Judge(isFailure, isSlow, retryAfter);
            }
        }

        Tell(change);
    }

    private CircuitChange? Judge(bool isFailure, bool isSlow, TimeSpan? retryAfter)
    {
        if (isFailure || isSlow)
        {
            _window.Add(isFailure, isSlow);
            _inARow = isFailure ? _inARow + 1 : 0;
        }

        var tally = _window.Sum();
        return tally.ReasonToOpen(policy, _inARow) is { } reason
            ? Open(reason, (int)tally.Results, (int)tally.Against(reason), retryAfter, Bites || policy.Mode is PolicyMode.Enforce)
            : null;
    }

    private CircuitChange Open(string reason, int samples, int failures, TimeSpan? retryAfter, bool bites)
    {
        var closedFor = Standing.State is CircuitState.Closed ? time.GetElapsedTime(_since) : TimeSpan.Zero;
        var length = (long)Math.Round(_breakTime.Next(closedFor, retryAfter).TotalSeconds * time.TimestampFrequency);
        return Enter(CircuitState.Open, reason, samples, failures, bites, time.GetTimestamp() + length) with { OpenFor = time.GetElapsedTime(0, length) };
    }

    // What time alone brings. Looked at by whoever comes, so there is no timer.
    private CircuitStanding Current()
    {
        var standing = Standing;
        if (standing.State is CircuitState.Open && time.GetTimestamp() >= Volatile.Read(ref _until))
        {
            Go(CircuitState.Open, CircuitState.HalfOpen, CircuitReasons.Time);
        }
        else if (standing.State is CircuitState.Recovering && _ramp.IsOver(Elapsed()))
        {
            Go(CircuitState.Recovering, CircuitState.Closed, CircuitReasons.Recovered);
        }
        else
        {
            return standing;
        }

        return Standing;
    }

    private void Go(CircuitState from, CircuitState to, string reason)
    {
        CircuitChange? change = null;
        lock (_lock)
        {
            // A state of the same name may be a later one, whose time has not come.
            var isDue = reason switch
            {
                CircuitReasons.Time => time.GetTimestamp() >= _until,
                CircuitReasons.Recovered => _ramp.IsOver(Elapsed()),
                _ => true,
            };
            if (Standing.State == from && isDue)
            {
                // It was closed from the end of its recovery on, whoever came to see it when.
                var since = reason is CircuitReasons.Recovered ? _since + _ramp.Length : time.GetTimestamp();
                change = Enter(to, reason, 0, 0, Bites);
                Volatile.Write(ref _since, since);
            }
        }

        Tell(change);
    }

    private void Order(CircuitState to, string reason)
    {
        Current();
        CircuitChange? change = null;
        lock (_lock)
        {
            if (to is CircuitState.Closed)
            {
                _breakTime.Forget();
            }

            if (Standing.State != to)
            {
                change = Enter(to, reason, 0, 0, bites: true);
            }
        }

        Tell(change);
    }

    private CircuitChange Enter(CircuitState to, string reason, int samples, int failures, bool bites, long until = long.MaxValue)
    {
        var standing = Standing;
        (_probes, _successes, _inARow) = (0, 0, 0);
        _window.Clear();
        Volatile.Write(ref _until, until);
        Volatile.Write(ref _since, time.GetTimestamp());
        Volatile.Write(ref _standing, standing.Next(to, bites).Word);
        return new(standing.State, to, reason, samples, failures);
    }

    // Never under the lock: whoever listens looks at this and at other circuits.
    private void Tell(CircuitChange? change)
    {
        if (change is { } told)
        {
            changed?.Invoke(told);
        }
    }

    private long Elapsed() => time.GetTimestamp() - Volatile.Read(ref _since);
}
