using GatewayKit.Resilience;

namespace GatewayKit.Configuration;

/// <summary>What a circuit breaker must keep to beyond the ranges of its numbers.</summary>
internal static class CircuitBreakerChecks
{
    public static void Check(CircuitBreakerPolicy policy, string path, Report report)
    {
        foreach (var (name, fault) in policy.Faults())
        {
            report(ModelPath.Join(path, name), fault);
        }
    }
}
