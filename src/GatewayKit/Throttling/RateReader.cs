using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>Tells how a throttle stands, and takes nothing of it.</summary>
internal sealed class RateReader
{
    private readonly ThrottleAllowance _allowance;
    private readonly RateNotice? _notice;
    private readonly LimitStanding _unknown;

    /// <param name="policy">What is asked for.</param>
    /// <param name="allowance">What it takes from.</param>
    public RateReader(ThrottlePolicy policy, ThrottleAllowance allowance)
    {
        (_allowance, _notice) = (allowance, RateNotice.Of(policy));
        var rule = policy.Rule;

        // As clients are told in answers, where they are: in requests, however many units each of them takes.
        var cost = _notice is not null && !policy.Cost.IsBytes ? policy.Cost.Fixed!.Value : 1;
        var unit = policy.CostName ?? policy.CostHeader ?? (policy.Cost.IsBytes ? "bytes" : _notice is null ? "units" : "requests");
        _unknown = new(LimitKind.Rate, policy.EffectiveName, unit, rule.Limit / cost) { Window = rule.Window, Burst = rule.Burst / cost };
    }

    /// <inheritdoc cref="LimitReader"/>
    public async ValueTask<LimitStanding> ReadAsync(HttpContext httpContext)
    {
        var decision = await _allowance.PeekAsync(httpContext).ConfigureAwait(false);
        if (!decision.IsKnown)
        {
            return _unknown;
        }

        if (_notice is not null)
        {
            var reading = _notice.Read(decision);
            return _unknown with { Remaining = reading.Remaining, Reset = reading.Reset };
        }

        return _unknown with { Remaining = decision.Remaining, Reset = decision.Next == 0 ? null : ThrottleClock.ToTimeSpan(decision.Next) };
    }
}
