namespace GatewayKit.Rollout.Splits;

/// <summary>Judges a canary. Beyond the limit of the guard a difference must be one that chance does not make.</summary>
internal static class GuardJudgement
{
    // A guard looks thousands of times: at four standard errors a canary that is as good is taken for worse about once in 30,000 independent looks.
    private const double StandardErrors = 4;

    private static readonly TimeSpan NoDifference = TimeSpan.FromMilliseconds(10);

    public static GuardVerdict Judge(CanaryGuard guard, TrafficSample stable, TrafficSample canary)
    {
        if (stable.Requests < guard.MinSamples || canary.Requests < guard.MinSamples)
        {
            return GuardVerdict.Fine;
        }

        return FailsMore(guard, stable, canary) ? GuardVerdict.ErrorRate : IsSlower(guard, stable, canary) ? GuardVerdict.Latency : GuardVerdict.Fine;
    }

    // Two proportions with the variance of both together.
    private static bool FailsMore(CanaryGuard guard, TrafficSample stable, TrafficSample canary)
    {
        var excess = canary.FailureRate - stable.FailureRate;
        var rate = (double)(canary.Failures + stable.Failures) / (canary.Requests + stable.Requests);
        var error = Math.Sqrt(rate * (1 - rate) * ((1d / canary.Requests) + (1d / stable.Requests)));
        return excess * 100 > guard.MaxErrorExcess && excess > StandardErrors * error;
    }

    // If its 95th percentile were within the limit, a twentieth of its requests would be above, give or take what chance does.
    private static bool IsSlower(CanaryGuard guard, TrafficSample stable, TrafficSample canary)
    {
        const double Above = 0.05;
        var usual = stable.Percentile(1 - Above);
        var limit = TimeSpan.FromTicks(Math.Max((long)(usual.Ticks * guard.MaxLatencyRatio), (usual + NoDifference).Ticks));
        var error = Math.Sqrt(Above * (1 - Above) / canary.Requests);
        return canary.ShareAbove(limit) > Above + (StandardErrors * error);
    }
}
