using System.Globalization;
using GatewayKit.Clusters;
using GatewayKit.Forwarding.Attempts;

namespace GatewayKit.Forwarding;

/// <summary>Names the settings that ended an exchange, for those who read the log and have to decide whether to change one.</summary>
internal static class ClockSettings
{
    /// <returns><see langword="null"/> if no clock of the cluster leads to the error.</returns>
    public static string? Describe(ForwardError error, ForwardPhase phase, ClusterState cluster, in CallDeadline deadline, TimeSpan? grantedByRoute)
    {
        var timeouts = cluster.Timeouts;
        return error switch
        {
            ForwardError.UpstreamConnectTimeout => $"{Text(nameof(timeouts.Connect), timeouts.Connect)} ran out",
            ForwardError.UpstreamHeadersTimeout => $"{Text(nameof(timeouts.Attempt), timeouts.Attempt)} or {Text(nameof(timeouts.Idle), timeouts.Idle)} ran out",
            ForwardError.UpstreamStalled or ForwardError.ClientStalled or ForwardError.ClientBodyTimeout => $"{Text(nameof(timeouts.Idle), timeouts.Idle)} ran out",
            ForwardError.UpgradeIdleTimeout => $"{Text(nameof(timeouts.Tunnel), timeouts.Tunnel)} ran out",
            ForwardError.DeadlineExceeded when phase is ForwardPhase.Tunnel => "MaxDuration of the route's WebSockets ran out",
            ForwardError.DeadlineExceeded when !deadline.Exists => "the host's request timeout ran out",
            ForwardError.DeadlineExceeded when !deadline.IsGranted => "the time that the caller gives, or a cluster before this has left, ran out",
            ForwardError.DeadlineExceeded when grantedByRoute is { } total => $"Total of the route's timeout ({total:c}) ran out",
            ForwardError.DeadlineExceeded => $"{Text(nameof(timeouts.Total), timeouts.Total)} ran out",
            ForwardError.Overloaded when phase is ForwardPhase.Waiting =>
                string.Create(CultureInfo.InvariantCulture, $"{Text(nameof(timeouts.PoolWait), timeouts.PoolWait)} ran out or too many wait, at Http:MaxConnections ({cluster.Cluster.Http.MaxConnections})"),
            _ => null,
        };
    }

    private static string Text(string name, TimeSpan? value) =>
        $"Timeouts:{name} ({(value == Timeout.InfiniteTimeSpan ? "Infinite" : value?.ToString("c", CultureInfo.InvariantCulture))})";
}
