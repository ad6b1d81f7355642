using GatewayKit.Resilience;

namespace GatewayKit.Clusters.Health;

/// <summary>
/// What is known of the health of a destination, by each way of finding out. Lives as long as the destination is configured at its address: reloads
/// leave it alone but for what they change.
/// </summary>
internal sealed class DestinationHealth
{
    /// <summary>The reason that an ejection gives the circuit.</summary>
    public const string Outlier = "outlier";

    // Made once: while a destination fails, each call does.
    private static readonly string[] Statuses = [.. Enumerable.Range(100, 500).Select(static status => $"status {status}")];

    private readonly ClusterVitals _vitals;
    private CircuitBreaker _circuit;
    private ProbeResults _probes = new();
    private CircuitBreakerPolicy _policy;
    private ActiveHealth? _question;
    private long _joinedAt;
    private bool _isStartCounted = true;
    private volatile bool _isEjected;
    private volatile string _failure = "none";

    public DestinationHealth(string destinationId, Uri address, Cluster cluster, ClusterVitals vitals)
    {
        (Id, Address, _vitals, _policy, _question) = (destinationId, address, vitals, cluster.CircuitBreaker, cluster.Health.Active);
        _circuit = CreateCircuit();
    }

    public string Id { get; }

    public Uri Address { get; }

    /// <summary>How the latest call failed that did, for people: a reason code, or a status.</summary>
    public string LatestFailure => _failure;

    /// <summary>Lets calls pass, or not.</summary>
    public CircuitBreaker Circuit => Volatile.Read(ref _circuit);

    /// <summary>What health checks say.</summary>
    public ProbeResults Probes => Volatile.Read(ref _probes);

    /// <summary>The calls that it is compared with others by.</summary>
    public CallWindow Calls { get; } = new();

    /// <summary>Whether its circuit is open, or tries whether to close, because others did better.</summary>
    public bool IsEjected => _isEjected;

    /// <summary>Whether the last comparison found it worse than the others.</summary>
    public bool IsSuspect { get; set; }

    /// <summary>When it began to get its share little by little; 0 if it has it.</summary>
    public long JoinedAt
    {
        get => Volatile.Read(ref _joinedAt);
        set
        {
            Volatile.Write(ref _joinedAt, value);
            Volatile.Write(ref _isStartCounted, value == 0);
        }
    }

    /// <summary>Whether its start is to be counted: once.</summary>
    public bool TakeStart() => !Interlocked.Exchange(ref _isStartCounted, true);

    /// <summary>The latest change, for people; <see langword="null"/> before the first.</summary>
    public HealthChange? Latest { get; private set; }

    /// <summary>Takes over what a reload says. What it does not change goes on as it was.</summary>
    public void Adopt(Cluster cluster)
    {
        if (_policy != cluster.CircuitBreaker)
        {
            _policy = cluster.CircuitBreaker;
            var isIsolated = Circuit.State is CircuitState.Isolated;
            _isEjected = false;
            Volatile.Write(ref _circuit, CreateCircuit());
            if (isIsolated)
            {
                Circuit.Isolate();
            }
        }

        var active = cluster.Health.Active;
        if (active is null || _question is null || !active.AsksTheSameAs(_question))
        {
            Volatile.Write(ref _probes, new());
        }

        _question = active;
    }

    /// <summary>Notes how a call failed.</summary>
    /// <param name="status">The status of the answer; 0 if there was none.</param>
    /// <param name="reason">The reason code; <see langword="null"/> if the status says it all.</param>
    public void NoteFailure(int status, string? reason) =>
        _failure = reason ?? (status is >= 100 and < 600 ? Statuses[status - 100] : "no answer");

    /// <summary>Notes a change of what health checks say.</summary>
    public void Note(HealthChange change) => Latest = change;

    /// <summary>What is known, for people.</summary>
    public DestinationHealthStatus StatusOf(bool isAvailable)
    {
        var latest = Latest;
        return new()
        {
            Active = Probes.State,
            Passive = IsEjected ? HealthState.Unhealthy : Calls.Total.Calls > 0 ? HealthState.Healthy : HealthState.Unknown,
            Breaker = Circuit.State,
            IsAvailable = isAvailable,
            Since = latest?.At,
            Reason = latest?.Reason,
        };
    }

    private CircuitBreaker CreateCircuit()
    {
        // The circuit of former settings may still have calls, whose results change nothing any more.
        CircuitBreaker? created = null;
        return created = new(_policy, _vitals.Time, _vitals.Random, change => Changed(Volatile.Read(ref created), change));
    }

    private void Changed(CircuitBreaker? circuit, CircuitChange change)
    {
        if (circuit is not null && circuit != Circuit)
        {
            return;
        }

        _isEjected = change.To is CircuitState.Open ? change.Reason == Outlier || (_isEjected && change.From is CircuitState.HalfOpen)
            : change.To is CircuitState.HalfOpen && _isEjected;
        Calls.Forget();
        Latest = new(_vitals.Time.GetUtcNow(), change.Reason);
        _vitals.CircuitChanged(this, change);
    }
}

/// <summary>When and why something about a destination changed.</summary>
internal sealed record HealthChange(DateTimeOffset At, string Reason);
