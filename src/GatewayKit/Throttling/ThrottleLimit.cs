using System.Globalization;
using GatewayKit.Pipeline;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Throttling;

/// <summary>One throttle of an endpoint: its allowance, what requests cost, and what clients are told of it.</summary>
internal sealed class ThrottleLimit
{
    // About how often a store that is away is tried.
    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(1);

    private readonly ThrottlePolicy _policy;
    private readonly ThrottleAllowance _allowance;
    private readonly RequestCost _cost;
    private readonly int _capacity;
    private readonly string _name;
    private readonly string[] _violated;
    private readonly RateNotice? _notice;
    private readonly bool _isFollowed;
    private readonly bool _remembers;

    /// <param name="policy">What is asked for.</param>
    /// <param name="allowance">What it takes from.</param>
    /// <param name="isFollowed">Whether another limit comes after it, for which it may have to give back what it took.</param>
    /// <param name="isLate">Whether requests may be held up between the first limit and this one.</param>
    public ThrottleLimit(ThrottlePolicy policy, ThrottleAllowance allowance, bool isFollowed = false, bool isLate = false)
    {
        (_policy, _allowance, _cost, _isFollowed) = (policy, allowance, policy.Cost, isFollowed);
        _remembers = policy.IsSettled || (isFollowed && (isLate || !IsPlain));
        _capacity = policy.Rule.Burst;
        _name = policy.EffectiveName;
        _violated = [_name];
        _notice = RateNotice.Of(policy);
    }

    /// <inheritdoc cref="ThrottleAllowance.Waits"/>
    public bool Waits => _allowance.Waits;

    // All requests take as much of it, and nobody has to remember how much that was.
    private bool IsPlain => !_policy.IsSettled && _cost.Fixed is not null && _policy.Sharing == RateSharing.Local;

    /// <summary>Charges the request and notes how the allowance stands.</summary>
    /// <param name="context">The request.</param>
    /// <param name="cost">What it costs; more than the allowance ever holds if it is refused for that.</param>
    /// <param name="maxWait">How long it may wait for its turn, in units of <see cref="ThrottleClock"/>.</param>
    public RateDecision Take(GatewayContext context, out long cost, long maxWait = 0)
    {
        cost = _cost.UnitsOf(context.HttpContext, _capacity);
        return cost > _capacity ? default : Note(context, _allowance.TakeAhead(context.HttpContext, (int)cost, maxWait), (int)cost);
    }

    /// <inheritdoc cref="Take"/>
    public ValueTask<RateDecision> TakeAsync(GatewayContext context, out long cost)
    {
        cost = _cost.UnitsOf(context.HttpContext, _capacity);
        if (cost > _capacity)
        {
            return default;
        }

        var taking = _allowance.TakeAsync(context.HttpContext, (int)cost);
        return taking.IsCompletedSuccessfully ? new(Note(context, taking.Result, (int)cost)) : AwaitAsync(context, taking, (int)cost);
    }

    /// <summary>Gives back what a request took that was refused elsewhere, unless this one runs in shadow for its caller: nothing is given back there.</summary>
    /// <param name="context">The request.</param>
    public void Return(GatewayContext context)
    {
        if (!context.Enforces(_policy))
        {
            return;
        }

        if (ThrottleCharges.TryRemove(context, _allowance, out var charge))
        {
            GiveBack(context, charge.Used(0));
        }
        else if (IsPlain)
        {
            GiveBack(context, new((int)_cost.Fixed!.Value, Actual: 0, context.ChargedSince));
        }
    }

    /// <summary>Gives back what a request took whose client left while it waited.</summary>
    public void Leave(GatewayContext context, in RateDecision decision, long cost)
    {
        ThrottleCharges.TryRemove(context, _allowance, out _);
        _allowance.Settle(context.HttpContext, new((int)cost, Actual: 0, decision.Due, decision.Mark, decision.IsOverflow));
    }

    /// <summary>Corrects what a request took to what it has used, once it is done.</summary>
    public void Settle(GatewayContext context, in ThrottleCharge charge)
    {
        if (_policy.IsSettled)
        {
            // A candidate would have let it through. What it would have cost nobody knows, so that it stays at what was taken.
            var actual = IsRefusedBesideCandidate(context) ? charge.Cost
                : Reached(context) ? ReportedCosts.Find(context.HttpContext, _policy.CostName, _policy.CostHeader) ?? charge.Cost
                : 0;
            if (actual != charge.Cost)
            {
                _allowance.Settle(context.HttpContext, charge.Used(actual));
            }
        }
    }

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

        if (!decision.IsKnown)
        {
            return new(RejectionReason.LimiterUnavailable, retryAfter: StoreRetry) { ViolatedPolicies = _violated };
        }

        // RFC 6585 §4, RFC 9110 §10.2.3
        return new(RejectionReason.RateLimited, retryAfter: ThrottleClock.ToTimeSpan(decision.Wait)) { ViolatedPolicies = _violated };
    }

    private async ValueTask<RateDecision> AwaitAsync(GatewayContext context, ValueTask<RateDecision> taking, int cost) => Note(context, await taking.ConfigureAwait(false), cost);

    private RateDecision Note(GatewayContext context, in RateDecision decision, int cost)
    {
        if (_notice is not null && decision.IsKnown && (!decision.IsTaken || context.WantsReadings))
        {
            context.Note(_notice.Read(decision));
        }

        // What is plain is known without it, but for those that waited, and those whose units are somewhere else.
        if (decision is { IsTaken: true, IsKnown: true } && (_remembers || (_isFollowed && (decision.Wait > 0 || decision.IsOverflow))))
        {
            ThrottleCharges.Of(context).Add(new(this, _allowance, cost, decision));
        }

        return decision;
    }

    private bool IsRefusedBesideCandidate(GatewayContext context) => context.EndedAt is { Policy.Candidate: { } candidate } && ReferenceEquals(candidate, _policy);

    // What never got to a destination, or to a handler of the host, has cost nothing.
    private static bool Reached(GatewayContext context) =>
        context.Attempts > 0 || (context.Passed == context.Pipeline.Steps.Count && (context.Reason is null || !context.Endpoint.IsRoute));

    private void GiveBack(GatewayContext context, in RateUse use)
    {
        if (use.Reserved > 0)
        {
            var left = _allowance.Settle(context.HttpContext, use);
            if (_notice is not null && left.IsKnown)
            {
                context.NoteGivenBack(_notice.Read(left));
            }
        }
    }
}
