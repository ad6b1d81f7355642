using GatewayKit.Pipeline;

namespace GatewayKit.Throttling;

/// <summary>How clients are told of a throttle: in requests, or in bytes of content.</summary>
internal sealed class RateNotice
{
    private readonly string _name;
    private readonly int _capacity;
    private readonly TimeSpan _window;
    private readonly LimitUnit _unit;
    private readonly long _increment;

    // Units that each request takes, of those that are told in requests.
    private readonly int _cost;

    private RateNotice(ThrottlePolicy policy)
    {
        var (rule, gcra) = (policy.Rule, new Gcra(policy.Rule));
        (_name, _capacity, _increment) = (policy.EffectiveName, rule.Burst, gcra.Increment);
        _window = policy.Algorithm is RateAlgorithm.SlidingWindow ? rule.Window : ThrottleClock.ToTimeSpan(gcra.Tolerance);
        (_cost, _unit) = policy.Cost.IsBytes ? (1, LimitUnit.ContentBytes) : ((int)policy.Cost.Fixed!.Value, LimitUnit.Requests);
    }

    /// <summary>
    /// That of a policy; <see langword="null"/> if clients are told nothing of it. What they are told has no unit for a cost of somebody's own, and the units of a sliding window come back
    /// unevenly: when there are as many as a larger request needs, its next one does not tell.
    /// </summary>
    public static RateNotice? Of(ThrottlePolicy policy) =>
        policy.Mode is not PolicyMode.Shadow && !policy.IsSettled && (policy.Cost.IsBytes || policy.Cost.Fixed is 1 || (policy.Cost.Fixed > 1 && policy.Algorithm is RateAlgorithm.TokenBucket))
            ? new(policy)
            : null;

    /// <summary>How the allowance stands after a decision.</summary>
    public LimitReading Read(in RateDecision decision)
    {
        var (quota, remaining) = (_capacity / _cost, Math.Min(_capacity, decision.Remaining) / _cost);

        // Until the units of a whole request are there, of which the first is the next to come.
        var next = decision.Next + ((((remaining + 1L) * _cost) - decision.Remaining - 1) * _increment);
        return new(_name, quota, _window, _unit, remaining, decision.Next == 0 || remaining == quota ? null : ThrottleClock.ToTimeSpan(next));
    }
}
