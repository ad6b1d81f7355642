using GatewayKit.Pipeline;

namespace GatewayKit.Resilience;

/// <summary>
/// Leaves alone what fails: closed, open for a while, half open for a few calls, recovering little by little, closed. Every transition begins a
/// generation, and results of calls from an older one change nothing, so that a late success from before the break closes no circuit. Time is the
/// monotonic clock's. While closed, entering is two reads and leaving one addition; anything else takes a lock. Safe for concurrent use.
/// </summary>
internal sealed class CircuitBreaker(CircuitBreakerPolicy policy, TimeProvider time, Func<double> random, Action<CircuitChange>? changed = null)
{
    private const double LeastShare = 0.1;
    private const int RecoverySteps = 10;

    private static readonly TimeSpan Forgiven = TimeSpan.FromMinutes(5);

    private readonly CircuitWindow _window = new(policy.Window, time);
    private readonly Lock _lock = new();
    private volatile CircuitState _state;
    private volatile int _generation = 1;
    private volatile bool _hasFailures;
    private int _inARow;

    // Below: only under the lock, but for reads of what a moment later may be otherwise.
    private long _until = long.MaxValue;
    private long _since = time.GetTimestamp();
    private int _timesOpened;
    private int _probes;
    private int _successes;

    // Whether it stops calls: by its own rules only in force, by order of somebody else in any mode.
    private volatile bool _bites;

    public CircuitBreakerPolicy Policy => policy;

    /// <summary>What it is now.</summary>
    public CircuitState State
    {
        get
        {
            Advance();
            return _state;
        }
    }

    /// <summary>Whether it stops calls that it does not let through; in shadow it only says what it would do.</summary>
    public bool Bites => _bites;

    /// <summary>The share of its traffic that it may have now, 0 to 1.</summary>
    public double Share => State switch
    {
        _ when !_bites => 1,
        CircuitState.Closed => 1,
        CircuitState.HalfOpen => LeastShare,
        CircuitState.Recovering => Ramp(),
        _ => 0,
    };

    /// <summary>When a call may pass again; zero if one may now.</summary>
    public TimeSpan RetryAfter
    {
        get
        {
            lock (_lock)
            {
                return _state is CircuitState.Open ? time.GetElapsedTime(Math.Min(time.GetTimestamp(), _until), _until) : TimeSpan.Zero;
            }
        }
    }

    /// <summary>The timestamp at which <see cref="State"/> or <see cref="Share"/> changes by time alone; <see cref="long.MaxValue"/> if never.</summary>
    public long NextChange
    {
        get
        {
            Advance();
            lock (_lock)
            {
                return _state switch
                {
                    CircuitState.Open => _until,
                    CircuitState.Recovering => NextStep(),
                    _ => long.MaxValue,
                };
            }
        }
    }

    /// <summary>Asks for leave to call.</summary>
    /// <param name="permit">To be given back by <see cref="Leave"/>, once.</param>
    /// <param name="isOnly">Whether there is nowhere else to call, so that a share of the traffic means a share of the calls.</param>
    /// <returns>Whether the call may go.</returns>
    public bool TryEnter(out CircuitPermit permit, bool isOnly = false)
    {
        permit = new(_generation, IsProbe: false);
        return _state is CircuitState.Closed || TryEnterDisturbed(isOnly, out permit);
    }

    /// <summary>Says what came of a call.</summary>
    /// <param name="permit">What <see cref="TryEnter"/> gave.</param>
    /// <param name="result">What the call says.</param>
    /// <param name="elapsed">How long the first sign of an answer took.</param>
    /// <param name="retryAfter">How long the one who was called asks to be left alone.</param>
    public void Leave(in CircuitPermit permit, CallResult result, TimeSpan elapsed, TimeSpan? retryAfter = null)
    {
        var isUnwatched = policy.Mode is PolicyMode.Off && _state is CircuitState.Closed;
        if (permit.Generation != _generation || isUnwatched || (result is CallResult.Neutral && !permit.IsProbe))
        {
            return;
        }

        var isFailure = result is CallResult.Failure;
        var isSlow = policy.SlowCall is { } limit && elapsed >= limit;
        if (!permit.IsProbe)
        {
            _window.Add(isFailure, isSlow);
            if (!isFailure && !isSlow && !_hasFailures)
            {
                return;
            }
        }

        Judge(permit, result, isFailure, isSlow, retryAfter);
    }

    /// <summary>Opens it by order of one who compares it with others.</summary>
    /// <param name="reason">Why, as a code.</param>
    /// <param name="samples">How many results led to it.</param>
    /// <param name="failures">How many of them were failures.</param>
    public void Trip(string reason, int samples, int failures)
    {
        Advance();
        CircuitChange? change = null;
        lock (_lock)
        {
            if (_state is not (CircuitState.Open or CircuitState.Isolated))
            {
                change = Open(reason, samples, failures, null, bites: true);
            }
        }

        Tell(change);
    }

    /// <summary>There is a sign that it is well again: calls are let through to see, earlier than planned.</summary>
    public void ProbeEarly() => Go(CircuitState.Open, CircuitState.HalfOpen, "health-check");

    /// <summary>Stops all calls until <see cref="Close"/>.</summary>
    public void Isolate()
    {
        CircuitChange? change = null;
        lock (_lock)
        {
            if (_state is not CircuitState.Isolated)
            {
                _bites = true;
                change = Enter(CircuitState.Isolated, "isolated", 0, 0);
            }
        }

        Tell(change);
    }

    /// <summary>Lets all calls through, whatever was before.</summary>
    public void Close()
    {
        CircuitChange? change = null;
        lock (_lock)
        {
            if (_state is not CircuitState.Closed)
            {
                _timesOpened = 0;
                change = Enter(CircuitState.Closed, "closed", 0, 0);
            }
        }

        Tell(change);
    }

    private bool TryEnterDisturbed(bool isOnly, out CircuitPermit permit)
    {
        Advance();
        lock (_lock)
        {
            permit = new(_generation, IsProbe: false);
            switch (_state)
            {
                case CircuitState.Closed:
                case CircuitState.Recovering when !isOnly || !_bites || random() < Ramp():
                    return true;
                case CircuitState.HalfOpen when _probes < policy.MaxProbes:
                    _probes++;
                    permit = new(_generation, IsProbe: true);
                    return true;
                default:
                    // In shadow the call goes all the same, and its result is nobody's.
                    permit = default;
                    return !_bites;
            }
        }
    }

    private void Judge(in CircuitPermit permit, CallResult result, bool isFailure, bool isSlow, TimeSpan? retryAfter)
    {
        CircuitChange? change;
        lock (_lock)
        {
            if (permit.Generation != _generation)
            {
                return;
            }

            change = permit.IsProbe ? JudgeProbe(result, retryAfter) : JudgeWindow(isFailure, isSlow, retryAfter);
        }

        Tell(change);
    }

    private CircuitChange? JudgeProbe(CallResult result, TimeSpan? retryAfter)
    {
        _probes--;
        return result switch
        {
            CallResult.Failure => Open("probe-failed", 1, 1, retryAfter, _bites),
            CallResult.Success when ++_successes >= policy.SuccessesToRecover => Recover(),
            _ => null,
        };
    }

    private CircuitChange? JudgeWindow(bool isFailure, bool isSlow, TimeSpan? retryAfter)
    {
        _inARow = isFailure ? _inARow + 1 : 0;
        var (results, failures, slow) = _window.Sum();
        _hasFailures = failures > 0 || slow > 0 || isFailure || isSlow;
        var bites = _bites || policy.Mode is PolicyMode.Enforce;
        return policy.Mode is PolicyMode.Off ? null
            : results >= policy.MinResults && failures * 100.0 >= policy.FailurePercent * results ? Open("failure-share", results, failures, retryAfter, bites)
            : results >= policy.MinResults && policy.SlowCall is not null && slow * 100.0 >= policy.SlowPercent * results ? Open("slow-share", results, slow, retryAfter, bites)
            : results < policy.MinResults && policy.FailuresInARow > 0 && _inARow >= policy.FailuresInARow ? Open("failures-in-a-row", results, failures, retryAfter, bites)
            : null;
    }

    private CircuitChange Open(string reason, int samples, int failures, TimeSpan? retryAfter, bool bites)
    {
        // One that was well for long starts over.
        _timesOpened = _state is CircuitState.Closed && time.GetElapsedTime(_since) >= Forgiven ? 1 : Math.Min(_timesOpened + 1, 30);
        var seconds = Math.Min(policy.MaxOpenFor.TotalSeconds, policy.OpenFor.TotalSeconds * Math.Pow(2, _timesOpened - 1)) * (0.8 + (0.4 * random()));
        if (retryAfter is { } asked)
        {
            seconds = Math.Max(seconds, Math.Min(asked.TotalSeconds, policy.MaxOpenFor.TotalSeconds));
        }

        _bites = bites;
        var change = Enter(CircuitState.Open, reason, samples, failures);
        _until = time.GetTimestamp() + (long)(seconds * time.TimestampFrequency);
        return change;
    }

    private CircuitChange Recover() => policy.Recovery > TimeSpan.Zero
        ? Enter(CircuitState.Recovering, "probes-succeeded", _successes, 0)
        : Enter(CircuitState.Closed, "probes-succeeded", _successes, 0);

    // What time alone brings. Looked at by whoever comes, so there is no timer.
    private void Advance()
    {
        if (_state is CircuitState.Open && time.GetTimestamp() >= Volatile.Read(ref _until))
        {
            Go(CircuitState.Open, CircuitState.HalfOpen, "time");
        }
        else if (_state is CircuitState.Recovering && time.GetElapsedTime(Volatile.Read(ref _since)) >= policy.Recovery)
        {
            Go(CircuitState.Recovering, CircuitState.Closed, "recovered");
        }
    }

    private void Go(CircuitState from, CircuitState to, string reason)
    {
        CircuitChange? change = null;
        lock (_lock)
        {
            // A state of the same name may be a later one, whose time has not come.
            if (_state == from && (reason is not "time" || time.GetTimestamp() >= _until) && (reason is not "recovered" || time.GetElapsedTime(_since) >= policy.Recovery))
            {
                change = Enter(to, reason, 0, 0);
            }
        }

        Tell(change);
    }

    private CircuitChange Enter(CircuitState to, string reason, int samples, int failures)
    {
        var from = _state;
        (_probes, _successes, _inARow, _hasFailures) = (0, 0, 0, false);
        _window.Clear();
        _generation = _generation == int.MaxValue ? 1 : _generation + 1;
        Volatile.Write(ref _until, long.MaxValue);
        Volatile.Write(ref _since, time.GetTimestamp());
        _state = to;
        if (to is CircuitState.Closed)
        {
            _bites = false;
        }

        return new(from, to, reason, samples, failures);
    }

    // Never under the lock: whoever listens looks at this and at other circuits.
    private void Tell(CircuitChange? change)
    {
        if (change is { } told)
        {
            changed?.Invoke(told);
        }
    }

    private double Ramp() => policy.Recovery <= TimeSpan.Zero ? 1
        : Math.Clamp(Math.Floor(RecoverySteps * (time.GetElapsedTime(Volatile.Read(ref _since)) / policy.Recovery)) / RecoverySteps, LeastShare, 1);

    // The ramp is climbed in steps, so that what is computed from it holds for a while.
    private long NextStep()
    {
        var step = policy.Recovery.TotalSeconds * time.TimestampFrequency / RecoverySteps;
        return _since + (long)Math.Ceiling((Math.Floor((time.GetTimestamp() - _since) / step) + 1) * step);
    }
}
