namespace GatewayKit.Clusters.Health;

/// <summary>Requests, and how many of them failed.</summary>
internal readonly record struct CallCount(long Calls, long Failures)
{
    public double SuccessRate => Calls > 0 ? 1 - ((double)Failures / Calls) : 1;

    public static CallCount operator +(CallCount one, CallCount other) => new(one.Calls + other.Calls, one.Failures + other.Failures);

    public static CallCount operator -(CallCount one, CallCount other) => new(one.Calls - other.Calls, one.Failures - other.Failures);
}
