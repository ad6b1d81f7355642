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

        SpanChecks.Check(retry.BaseDelay, TimeSpan.Zero, TimeSpan.FromSeconds(10), ModelPath.Join(path, nameof(retry.BaseDelay)), report);
        SpanChecks.Check(retry.MaxDelay, TimeSpan.Zero, TimeSpan.FromMinutes(1), ModelPath.Join(path, nameof(retry.MaxDelay)), report);
        SpanChecks.Check(retry.MaxRetryAfter, TimeSpan.Zero, TimeSpan.FromMinutes(5), ModelPath.Join(path, nameof(retry.MaxRetryAfter)), report);
        if (retry.BaseDelay > retry.MaxDelay)
        {
            report(ModelPath.Join(path, nameof(retry.BaseDelay)), $"BaseDelay is {retry.BaseDelay:c}, which is longer than MaxDelay, {retry.MaxDelay:c}. Shorten it or lengthen MaxDelay.");
        }

        var window = ModelPath.Join(path, [nameof(retry.Budget), nameof(retry.Budget.Window)]);
        SpanChecks.Check(retry.Budget.Window, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), window, report);
    }

    private static void CheckHedging(HedgingPolicy hedging, string path, Report report)
    {
        if (hedging.Delay is { } delay)
        {
            SpanChecks.Check(delay, TimeSpan.Zero, TimeSpan.FromMinutes(1), ModelPath.Join(path, nameof(hedging.Delay)), report);
        }

        SpanChecks.Check(hedging.MinDelay, TimeSpan.Zero, TimeSpan.FromMinutes(1), ModelPath.Join(path, nameof(hedging.MinDelay)), report);
    }
}
