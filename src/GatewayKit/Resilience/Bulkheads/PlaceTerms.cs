using System.Collections.Frozen;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Shedding;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// By what somebody is let in: how many places there are, how many may wait and for how long. With an <see cref="AdaptiveLimit"/> in force the number
/// of places follows its estimate, and the queue keeps to what can still be served in time.
/// </summary>
internal sealed class PlaceTerms
{
    // By what a queue is divided that shrinks: who waits holds memory and a connection.
    private const int Shrunk = 4;

    private readonly HostLoad? _load;
    private readonly int? _queue;
    private readonly TimeSpan _maxWait;
    private readonly LimitEstimator? _estimator;
    private readonly AdaptiveLimit _adaptive;
    private readonly bool _isInForce;
    private readonly FrozenDictionary<string, PlaceShare>? _shares;
    private readonly PlaceShare? _unknown;

    /// <param name="ceiling">The most places there are.</param>
    /// <param name="queue">How many may wait. Default: a tenth of the places, at least 8.</param>
    /// <param name="maxWait">How long.</param>
    /// <param name="adaptive">What moves the number of places. Default: nothing.</param>
    /// <param name="bulkhead">Whose places they are, where something does or classes share them.</param>
    /// <param name="priorities">How classes of requests share them. Default: there are none.</param>
    public PlaceTerms(int ceiling, int? queue, TimeSpan maxWait, AdaptiveLimit? adaptive = null, Bulkhead? bulkhead = null, PriorityShares? priorities = null)
    {
        (Ceiling, _queue, _maxWait, _load) = (ceiling, queue, maxWait, bulkhead?.Load);
        adaptive = adaptive is { Mode: not PolicyMode.Off } ? adaptive : null;
        _adaptive = adaptive is null ? new() : adaptive with
        {
            Min = Math.Min(adaptive.Min, ceiling), Initial = Math.Min(adaptive.Initial, ceiling), Max = Math.Min(adaptive.Max, ceiling),
        };
        _estimator = adaptive is null ? null : bulkhead!.EstimatorFor(_adaptive);
        _isInForce = _adaptive.Mode is PolicyMode.Enforce && _estimator is not null;
        if (priorities is not null)
        {
            var places = bulkhead!.Requests;
            _shares = priorities.Shares.ToFrozenDictionary(
                static entry => entry.Key, entry => new PlaceShare(places.ClassOf(entry.Key), entry.Value), StringComparer.OrdinalIgnoreCase);
            _unknown = new(places.Unclassed, Share: 0);
        }
    }

    /// <summary>The most places there ever are.</summary>
    public int Ceiling { get; }

    /// <summary>How many places there are now.</summary>
    public int Max => _isInForce ? _estimator!.LimitFor(_adaptive) : Ceiling;

    /// <summary>How many may wait now.</summary>
    public int MostWaiting => (_queue ?? Math.Max(8, Max / 10)) / (_load is { Level: >= LoadLevel.ShrinkQueues } ? Shrunk : 1);

    /// <summary>What a class of requests is entitled to; <see langword="null"/> if there are no classes.</summary>
    public PlaceShare? ShareOf(string? priority) => _shares is null ? null : _shares.GetValueOrDefault(priority ?? PriorityClass.Standard) ?? _unknown;

    /// <summary>Whether samples are wanted.</summary>
    public bool IsSampled => _estimator is not null;

    /// <summary>Whether somebody who is let in would not be if the estimate were in force.</summary>
    /// <param name="share">What its class is entitled to; <see langword="null"/> if there are no classes.</param>
    /// <param name="inFlight">How many are in flight, itself among them.</param>
    public bool WouldRefuse(PlaceShare? share, int inFlight)
    {
        if (_estimator is null || _isInForce)
        {
            return false;
        }

        var limit = _estimator.LimitFor(_adaptive);
        var most = limit + (_queue ?? Math.Max(8, limit / 10));
        return inFlight > (share?.Most(share.Class.Taken, most) ?? most);
    }

    /// <summary>Whether the next place goes to who came last: above half full, who came first has waited for long and may be gone.</summary>
    public bool PrefersNewest(int waiting) => _isInForce && 2 * waiting > MostWaiting;

    /// <summary>How long somebody may wait.</summary>
    /// <param name="waiting">How many wait already.</param>
    /// <param name="left">What is left of its deadline.</param>
    /// <returns>Zero or less if waiting is in vain.</returns>
    public TimeSpan WaitFor(int waiting, TimeSpan left)
    {
        if (!_isInForce)
        {
            return left < _maxWait ? left : _maxWait;
        }

        // It has to be served, too.
        var wait = left == TimeSpan.MaxValue || left - _estimator!.MedianTime > _maxWait ? _maxWait : left - _estimator.MedianTime;
        return waiting * _estimator!.MeanTime / Max > wait ? TimeSpan.Zero : wait;
    }

    /// <summary>Takes a sample.</summary>
    public void Observe(LimitSample sample, TimeSpan? headTime, int inFlight) => _estimator?.Observe(_adaptive, sample, headTime, inFlight);
}
