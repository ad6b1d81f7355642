namespace GatewayKit.Resilience;

/// <summary>Why a circuit changes its state: codes for log, metrics and status.</summary>
internal static class CircuitReasons
{
    /// <summary>Too large a share of the results are failures.</summary>
    public const string FailureShare = "failure-share";

    /// <summary>Too large a share of the results took too long.</summary>
    public const string SlowShare = "slow-share";

    /// <summary>With little traffic, nothing but failures for some time.</summary>
    public const string FailuresInARow = "failures-in-a-row";

    /// <summary>A call that was to show whether it is well again has failed.</summary>
    public const string ProbeFailed = "probe-failed";

    /// <summary>A call that was to show whether it is well again took too long.</summary>
    public const string ProbeSlow = "probe-slow";

    /// <summary>Enough of these calls succeeded.</summary>
    public const string ProbesSucceeded = "probes-succeeded";

    /// <summary>It was open for as long as it was to be.</summary>
    public const string Time = "time";

    /// <summary>It recovered for as long as it was to.</summary>
    public const string Recovered = "recovered";

    /// <summary>A health check passed.</summary>
    public const string HealthCheck = "health-check";

    /// <summary>Somebody isolated it.</summary>
    public const string Isolated = "isolated";

    /// <summary>Somebody closed it.</summary>
    public const string Closed = "closed";
}
