using GatewayKit.Clusters;
using GatewayKit.Resilience;

namespace GatewayKit.Configuration;

/// <summary>What retries and hedges of a cluster must keep to.</summary>
internal static class AttemptChecks
{
    private static readonly int[] Retryable = [408, 425, 429, 500, 502, 503, 504];

    public static void Check(Cluster cluster, string path, Report report)
    {
        if (cluster.Retry is { } retry)
        {
            CheckRetry(retry, ModelPath.Join(path, nameof(cluster.Retry)), report);
        }

        if (cluster.Hedging is { } hedging)
        {
            CheckHedging(hedging, ModelPath.Join(path, nameof(cluster.Hedging)), report);
        }
    }

    private static void CheckRetry(RetryPolicy retry, string path, Report report)
    {
        foreach (var status in retry.Statuses.Where(static status => !Retryable.Contains(status)))
        {
            report(ModelPath.Join(path, nameof(retry.Statuses)), $"{status} is no answer that another attempt could mend. Retryable are {string.Join(", ", Retryable)}.");
        }

        CheckWait(retry.BaseDelay, TimeSpan.FromSeconds(10), ModelPath.Join(path, nameof(retry.BaseDelay)), report);
        CheckWait(retry.MaxDelay, TimeSpan.FromMinutes(1), ModelPath.Join(path, nameof(retry.MaxDelay)), report);
        CheckWait(retry.MaxRetryAfter, TimeSpan.FromMinutes(5), ModelPath.Join(path, nameof(retry.MaxRetryAfter)), report);
        if (retry.BaseDelay > retry.MaxDelay)
        {
            report(ModelPath.Join(path, nameof(retry.BaseDelay)), $"BaseDelay is {retry.BaseDelay:c}, which is longer than MaxDelay, {retry.MaxDelay:c}. Shorten it or lengthen MaxDelay.");
        }

        var window = ModelPath.Join(ModelPath.Join(path, nameof(retry.Budget)), nameof(retry.Budget.Window));
        if (retry.Budget.Window < TimeSpan.FromSeconds(1) || retry.Budget.Window > TimeSpan.FromMinutes(5))
        {
            report(window, $"Window is {retry.Budget.Window:c}; it must be 1 s to 5 min.");
        }
    }

    private static void CheckHedging(HedgingPolicy hedging, string path, Report report)
    {
        if (hedging.Delay is { } delay)
        {
            CheckWait(delay, TimeSpan.FromMinutes(1), ModelPath.Join(path, nameof(hedging.Delay)), report);
        }

        CheckWait(hedging.MinDelay, TimeSpan.FromMinutes(1), ModelPath.Join(path, nameof(hedging.MinDelay)), report);
    }

    private static void CheckWait(TimeSpan wait, TimeSpan most, string path, Report report)
    {
        if (wait < TimeSpan.Zero || wait > most)
        {
            report(path, $"{path[(path.LastIndexOf(':') + 1)..]} is {wait:c}; it must be zero to {most:c}.");
        }
    }
}
