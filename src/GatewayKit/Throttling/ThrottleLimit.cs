using System.Globalization;
using GatewayKit.Pipeline;

namespace GatewayKit.Throttling;

/// <summary>One throttle of an endpoint: its allowance, what requests cost, and what clients are told of it.</summary>
internal sealed class ThrottleLimit
{
    private readonly ThrottlePolicy _policy;
    private readonly ThrottleAllowance _allowance;
    private readonly RequestCost _cost;
    private readonly int _capacity;
    private readonly TimeSpan _window;
    private readonly string _name;
    private readonly string[] _violated;
    private readonly LimitUnit _unit;
    private readonly bool _isTold;
    private readonly bool _isShared;

    /// <param name="policy">What is asked for.</param>
    /// <param name="allowance">What it takes from.</param>
    /// <param name="isShared">Whether the endpoint has other limits, for which this one may have to give back what it took.</param>
    public ThrottleLimit(ThrottlePolicy policy, ThrottleAllowance allowance, bool isShared)
    {
        (_policy, _allowance, _cost, _isShared) = (policy, allowance, policy.Cost, isShared);
        _capacity = policy.Rule.Burst;
        _window = policy.Algorithm is RateAlgorithm.SlidingWindow ? policy.Rule.Window : ThrottleClock.ToTimeSpan(new Gcra(policy.Rule).Tolerance);
        _name = policy.EffectiveName;
        _violated = [_name];
        _unit = _cost.IsBytes ? LimitUnit.ContentBytes : LimitUnit.Requests;

        // What clients are told has no unit for a cost of somebody's own.
        _isTold = policy.Mode is not PolicyMode.Shadow && (_cost.Fixed is not null || _cost.IsBytes);
    }

    /// <summary>Charges the request and notes how the allowance stands.</summary>
    /// <param name="context">The request.</param>
    /// <param name="cost">What it costs; more than the allowance ever holds if it is refused for that.</param>
    public RateDecision Take(GatewayContext context, out long cost)
    {
        cost = _cost.UnitsOf(context.HttpContext, _capacity);
        if (cost > _capacity)
        {
            return default;
        }

        var decision = _allowance.Take(context.HttpContext, (int)cost);
        if (_isTold && (!decision.IsTaken || context.WantsReadings))
        {
            context.Note(new(_name, _capacity, _window, _unit, decision.Remaining, decision.Next > 0 ? ThrottleClock.ToTimeSpan(decision.Next) : null));
        }

        if (_isShared && _cost.Fixed is null && decision.IsTaken)
        {
            ThrottleCharges.Note(context.HttpContext, _allowance, (int)cost);
        }

        return decision;
    }

    /// <summary>Gives back what a request took that was refused elsewhere, unless this one runs in shadow for its caller: nothing is given back there.</summary>
    /// <param name="context">The request.</param>
    /// <param name="since">When it took it, or earlier, in units of <see cref="ThrottleClock"/>.</param>
    public void Return(GatewayContext context, long since)
    {
        if (context.Enforces(_policy))
        {
            Return(context, (int)(_cost.Fixed ?? ThrottleCharges.Of(context.HttpContext, _allowance)), since);
        }
    }

    /// <summary>Gives back what a request took that ended its wait.</summary>
    public void Return(GatewayContext context, in RateDecision decision, long cost) => Return(context, (int)cost, decision.Due);

    /// <inheritdoc cref="ThrottleAllowance.TryWait"/>
    public bool TryWait() => _allowance.TryWait();

    /// <inheritdoc cref="ThrottleAllowance.EndWait"/>
    public void EndWait() => _allowance.EndWait();

    public GatewayProblem Refuse(in RateDecision decision, long cost)
    {
        if (cost > _capacity)
        {
            var detail = string.Create(CultureInfo.InvariantCulture, $"The request needs {cost} of the limit '{_name}', which holds {_capacity}.");
            return new(RejectionReason.CostExceedsLimit, detail) { ViolatedPolicies = _violated };
        }

        // RFC 6585 §4, RFC 9110 §10.2.3
        return new(RejectionReason.RateLimited, retryAfter: ThrottleClock.ToTimeSpan(decision.Wait)) { ViolatedPolicies = _violated };
    }

    private void Return(GatewayContext context, int cost, long since)
    {
        if (cost > 0)
        {
            _allowance.Return(context.HttpContext, cost, since);
            context.NoteGivenBack(_name, cost);
        }
    }
}
