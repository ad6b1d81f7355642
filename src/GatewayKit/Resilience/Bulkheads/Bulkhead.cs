using GatewayKit.Resilience.Shedding;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>What is in flight at an endpoint, at several that share it, or at a cluster. Requests and streams have places of their own.</summary>
/// <param name="name">What it is called in metrics.</param>
/// <param name="isCluster">Whether that is a cluster.</param>
/// <param name="time">What waits are measured by.</param>
internal sealed class Bulkhead(string name, bool isCluster, TimeProvider time)
{
    private readonly WeakReference<LimitEstimator> _estimator = new(null!);

    public string Name => name;

    public bool IsCluster => isCluster;

    /// <summary>How loaded the process is; <see langword="null"/> if nobody knows.</summary>
    public HostLoad? Load { get; init; }

    public Places Requests { get; } = new(time);

    public Places Streams { get; } = new(time);

    /// <summary>What finds out how many requests there should be; <see langword="null"/> while nobody wants to know.</summary>
    public LimitEstimator? Estimator => _estimator.TryGetTarget(out var estimator) ? estimator : null;

    /// <summary>The same for one who does. It is held weakly, so that it goes with the last who has it, and a reload between keeps what was learnt.</summary>
    public LimitEstimator EstimatorFor(AdaptiveLimit settings)
    {
        lock (_estimator)
        {
            if (!_estimator.TryGetTarget(out var estimator))
            {
                _estimator.SetTarget(estimator = new(settings.Initial, time));
            }

            return estimator;
        }
    }
}
