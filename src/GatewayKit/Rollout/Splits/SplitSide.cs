using GatewayKit.Pipeline;

namespace GatewayKit.Rollout.Splits;

/// <summary>
/// What is known of one side of a split while it serves: the share in force and the traffic it had. Survives a reload that leaves the share as it
/// was configured. Safe for concurrent use.
/// </summary>
internal sealed class SplitSide(string routeId, string clusterId, CanaryShare? share, TimeProvider time)
{
    private readonly Lock _lock = new();
    private int _step;
    private volatile int _buckets = share is null ? 0 : KeyHash.BucketsOf(share.Ramp?.From ?? share.Percent);
    private volatile SideState _state;
    private readonly WeakMap<TimeSpan, TrafficWindow> _traffic = new();

    public string RouteId => routeId;

    public string ClusterId => clusterId;

    /// <summary>Whether it takes what the others do not.</summary>
    public bool IsStable => share is null;

    public SideState State => _state;

    /// <summary>How many buckets it has now; those of the stable cluster are what is left.</summary>
    public int Buckets => _state is SideState.RolledBack ? 0 : _buckets;

    /// <summary>Whether its share changes by itself.</summary>
    public bool HasRamp => share?.Ramp is not null;

    /// <summary>How many different keys it had lately.</summary>
    public KeyEstimate Keys { get; } = new(time);

    /// <summary>Whether a guard in shadow mode has said its word.</summary>
    public bool WasWarned { get; set; }

    /// <summary>
    /// What came of its requests lately, in a window of a length that the guard chooses; to be kept by whoever asks. A reload that changes the length
    /// leaves that of requests under way alone.
    /// </summary>
    public TrafficWindow TrafficOver(TimeSpan window) => _traffic.GetOrAdd(window, () => new(window, time));

    /// <summary>Goes on with the ramp, as far as the wall clock says.</summary>
    /// <returns>Whether the share has changed.</returns>
    public bool Advance(out int before)
    {
        before = _buckets;
        if (share?.Ramp is not { } ramp || _state is not SideState.InForce)
        {
            return false;
        }

        lock (_lock)
        {
            // A clock that is set back takes nobody back.
            before = _buckets;
            _step = Math.Max(_step, ramp.StepAt(time.GetUtcNow()));
            _buckets = KeyHash.BucketsOf(ramp.PercentAt(_step));
            return _buckets != before;
        }
    }

    /// <summary>Does what a guard decided.</summary>
    /// <returns>Whether it is the first to.</returns>
    public bool End(GuardAction action)
    {
        lock (_lock)
        {
            if (_state is not SideState.InForce)
            {
                return false;
            }

            _state = action is GuardAction.RollBack ? SideState.RolledBack : SideState.Stopped;
            return true;
        }
    }
}

/// <summary>What a guard has made of a side.</summary>
internal enum SideState
{
    InForce,
    Stopped,
    RolledBack,
}
