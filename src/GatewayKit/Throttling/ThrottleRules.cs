using System.ComponentModel.DataAnnotations;
using System.Globalization;
using GatewayKit.Pipeline;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Throttling;

/// <summary>What the settings of a <see cref="ThrottlePolicy"/> mean together, and which of them contradict each other.</summary>
internal static class ThrottleRules
{
    public const int MaxUnits = 1_000_000_000;

    private const int UsualBurst = 10;

    // A unit of bytes is then 160 units of the clock: rounding costs less than one in a hundred.
    private const double MaxUnitsPerSecond = 100_000_000;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromMinutes(1);

    // Longer ones are quotas, and an empty allowance that takes longer to refill would not fit the clock.
    private static readonly TimeSpan MaxWindow = TimeSpan.FromDays(365);

    /// <summary>The rule of a policy without errors.</summary>
    public static RateRule Of(ThrottlePolicy policy)
    {
        var limit = policy.Limit ?? policy.RequestsPerSecond ?? 1;
        return new(policy.Algorithm, limit, policy.Window ?? Second, policy.Algorithm is RateAlgorithm.SlidingWindow ? (int)limit : policy.Burst ?? BurstOf(limit));
    }

    /// <summary>What is wrong with a policy. What is outside its own range is told by its range.</summary>
    public static IEnumerable<ValidationResult> Errors(ThrottlePolicy policy)
    {
        if (WayError(policy) is { } way)
        {
            yield return way;
        }
        else if (IsInRange(policy))
        {
            foreach (var error in NumberErrors(policy, Of(policy)))
            {
                yield return error;
            }
        }

        if (policy.MaxDelay < TimeSpan.Zero || policy.MaxDelay > MaxDelay)
        {
            yield return Error(nameof(policy.MaxDelay), $"MaxDelay is {policy.MaxDelay:c}; it must be from {TimeSpan.Zero:c} to {MaxDelay:c}.");
        }

        if (policy.Algorithm is RateAlgorithm.SlidingWindow)
        {
            if (policy.Burst is not null)
            {
                yield return Error(nameof(policy.Burst), $"Burst is of no use with {policy.Algorithm}, which accepts all of Limit at once. Remove it.");
            }

            if (policy.MaxDelay > TimeSpan.Zero)
            {
                yield return Error(nameof(policy.MaxDelay), $"MaxDelay is of no use with {policy.Algorithm}, which has no pace. Set Algorithm to {RateAlgorithm.TokenBucket}, or remove MaxDelay.");
            }
        }

        if (policy.IsSettled && policy.MaxDelay > TimeSpan.Zero)
        {
            yield return Error(nameof(policy.MaxDelay), $"MaxDelay is of no use where the cost is known in the end: nobody knows for how long to wait. Remove it, or CostName and CostHeader.");
        }

        if (policy.CostName is { } cost && !QuotaUnit.IsCostName(cost))
        {
            yield return Error(nameof(policy.CostName), $"CostName is '{cost}'; it must be a token of at most 64 characters.");
        }

        if (policy.CostHeader is { } field && !HttpToken.Is(field))
        {
            yield return Error(nameof(policy.CostHeader), $"'{field}' is not a header name.");
        }

        foreach (var error in SharingErrors(policy))
        {
            yield return error;
        }

        if (policy.Name is not null && !LimitNames.Is(policy.Name))
        {
            yield return Error(nameof(policy.Name), $"Name is '{policy.Name}'; it must be 1 to {LimitNames.MaxLength} printable ASCII characters, because it stands in a header.");
        }
    }

    private static ValidationResult? WayError(ThrottlePolicy policy) => policy switch
    {
        { RequestsPerSecond: not null, Limit: not null } or { RequestsPerSecond: not null, Window: not null } =>
            Error(nameof(policy.RequestsPerSecond), $"RequestsPerSecond stands beside {(policy.Limit is null ? "Window" : "Limit")}: the rate is said in two ways. Keep RequestsPerSecond, or Limit and Window."),
        { Limit: not null, Window: null } => Error(nameof(policy.Window), $"Window is missing: Limit needs it, such as \"00:01:00\" for {policy.Limit} a minute."),
        { Limit: null, Window: not null } => Error(nameof(policy.Limit), $"Limit is missing: Window needs it."),
        { RequestsPerSecond: null, Limit: null } => Error(nameof(policy.RequestsPerSecond), $"Nothing says how fast requests may arrive. Set RequestsPerSecond, or Limit and Window."),
        { RequestsPerSecond: not null, Algorithm: RateAlgorithm.SlidingWindow } =>
            Error(nameof(policy.RequestsPerSecond), $"{policy.Algorithm} counts whole units in windows. Set Limit and Window in place of RequestsPerSecond."),
        { Window: { } window } when window < Second || window > MaxWindow =>
            Error(nameof(policy.Window), $"Window is {window:c}; it must be from {Second:c} to {MaxWindow:c}."),
        _ => null,
    };

    private static IEnumerable<ValidationResult> NumberErrors(ThrottlePolicy policy, RateRule rule)
    {
        if (rule.Limit / rule.Window.TotalSeconds > MaxUnitsPerSecond)
        {
            yield return Error(nameof(policy.Limit), $"A Limit of {policy.Limit} in {rule.Window:c} is more than {MaxUnitsPerSecond} a second. Lower Limit or raise Window.");
        }

        if (rule.Burst / rule.Limit * rule.Window.TotalSeconds > MaxWindow.TotalSeconds)
        {
            var rate = policy.Limit is { } limit ? string.Create(CultureInfo.InvariantCulture, $"{limit} in {rule.Window:c}") : string.Create(CultureInfo.InvariantCulture, $"{policy.RequestsPerSecond} requests per second");
            yield return Error(nameof(policy.Burst), $"A burst of {rule.Burst} at {rate} takes more than a year to refill. Lower Burst or raise the rate.");
        }

        if (policy is { Cost.Fixed: 0, IsSettled: false })
        {
            yield return Error(nameof(policy.Cost), $"Cost is 0, so that no request would ever be refused. It must be at least 1; only a cost that CostName or CostHeader tells may be known later.");
        }

        if (policy.Cost.Fixed > rule.Burst)
        {
            yield return Error(nameof(policy.Cost), $"Cost is {policy.Cost.Fixed}, and the allowance holds {rule.Burst}: no request could ever pass. Lower Cost, or raise {(policy.Algorithm is RateAlgorithm.SlidingWindow ? "Limit" : "Burst")}.");
        }
    }

    private static IEnumerable<ValidationResult> SharingErrors(ThrottlePolicy policy)
    {
        var (sharing, isLocal) = (policy.Sharing, policy.Sharing == RateSharing.Local);
        if (isLocal && policy.OnStoreFailure is not StoreFailureAction.FallBackToLocal)
        {
            yield return Error(nameof(policy.OnStoreFailure), $"OnStoreFailure is of no use without a store. Set Sharing to {RateSharing.Synchronous}, {RateSharing.Asynchronous()} or {RateSharing.Leased()}, or remove it.");
        }

        if (!isLocal && policy.MaxDelay > TimeSpan.Zero)
        {
            yield return Error(nameof(policy.MaxDelay), $"MaxDelay is of no use with Sharing {sharing}: turns are known to one instance only. Set Sharing to {RateSharing.Local}, or remove MaxDelay.");
        }

        if (sharing.Mode is RateSharingMode.Asynchronous && sharing.Interval > (policy.Window ?? Second))
        {
            yield return Error(nameof(policy.Sharing), $"Sharing is {sharing}, every {sharing.Interval:c}, and the window is {policy.Window ?? Second:c}: instances would hear of each other when it is over. Shorten the interval, or raise Window.");
        }

        if (sharing.Batch > Of(policy).Burst)
        {
            yield return Error(nameof(policy.Sharing), $"Sharing is {sharing}, and the allowance holds {Of(policy).Burst}: no batch could ever be taken. Take a smaller one.");
        }
    }

    // A page load's worth of requests still passes at once.
    private static int BurstOf(double limit) => (int)Math.Max(1, Math.Min(limit, Math.Max(UsualBurst, limit / 10)));

    private static bool IsInRange(ThrottlePolicy policy) =>
        policy.RequestsPerSecond is null or (>= 0.001 and <= 1_000_000) && policy.Limit is null or (>= 1 and <= MaxUnits) && policy.Burst is null or (>= 1 and <= MaxUnits);

    private static ValidationResult Error(string member, FormattableString message) => new(message.ToString(CultureInfo.InvariantCulture), [member]);
}
