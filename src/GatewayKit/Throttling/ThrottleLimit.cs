using GatewayKit.Pipeline;

namespace GatewayKit.Throttling;

/// <summary>One throttle of an endpoint: its allowance, and what clients are told of it.</summary>
internal sealed class ThrottleLimit
{
    private readonly ThrottlePolicy _policy;
    private readonly ThrottleAllowance _allowance;
    private readonly Gcra _rate;
    private readonly TimeSpan _window;
    private readonly string _name;
    private readonly string[] _violated;
    private readonly bool _isTold;

    public ThrottleLimit(ThrottlePolicy policy, ThrottleAllowance allowance)
    {
        (_policy, _allowance) = (policy, allowance);
        _rate = new(policy.RequestsPerSecond, policy.Burst);
        _window = ThrottleClock.ToTimeSpan(_rate.Tolerance);
        _name = policy.Name ?? policy.Partition.DefaultName;
        _violated = [_name];
        _isTold = policy.Mode is not PolicyMode.Shadow;
    }

    /// <summary>Charges the request and notes how the allowance stands.</summary>
    /// <param name="context">The request.</param>
    /// <param name="wait">If it is refused, the time until one can pass.</param>
    public bool TryTake(GatewayContext context, out TimeSpan wait)
    {
        var taken = _allowance.TryTake(context.HttpContext, out wait, out var ahead);
        if (_isTold && (!taken || context.WantsReadings))
        {
            context.Note(Read(ahead));
        }

        return taken;
    }

    /// <summary>Gives back what a request took that another throttle refused, unless this one runs in shadow for its caller: nothing is given back there.</summary>
    /// <param name="context">The request.</param>
    /// <param name="elapsed">The time since it took it, or more, in units of <see cref="ThrottleClock"/>.</param>
    public void Return(GatewayContext context, long elapsed)
    {
        if (context.Enforces(_policy))
        {
            _allowance.Return(context.HttpContext, elapsed);
            context.NoteGivenBack(_name);
        }
    }

    // RFC 6585 §4, RFC 9110 §10.2.3
    public GatewayProblem Refuse(TimeSpan wait) => new(RejectionReason.RateLimited, retryAfter: wait) { ViolatedPolicies = _violated };

    private LimitReading Read(long ahead)
    {
        var remaining = _rate.Remaining(ahead, out var next);
        return new(_name, _rate.Burst, _window, LimitUnit.Requests, remaining, next > 0 ? ThrottleClock.ToTimeSpan(next) : null);
    }
}
