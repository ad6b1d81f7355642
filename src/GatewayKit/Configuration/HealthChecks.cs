using GatewayKit.Clusters;
using GatewayKit.Clusters.Health;
using GatewayKit.Pipeline;

namespace GatewayKit.Configuration;

/// <summary>Checks what a cluster says about the health of its destinations.</summary>
internal static class HealthChecks
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1), Hour = TimeSpan.FromHours(1);

    public static void Check(Cluster cluster, string path, Report report)
    {
        var health = cluster.Health;
        path = ModelPath.Join(path, nameof(cluster.Health));
        if (health.Active is { } active)
        {
            CheckActive(cluster, active, ModelPath.Join(path, nameof(health.Active)), report);
        }

        if (health.RequireFirstProbe && health.Active is not { Mode: PolicyMode.Enforce })
        {
            report(ModelPath.Join(path, nameof(health.RequireFirstProbe)), "RequireFirstProbe waits for health checks, and there are none in force. Write Active, or take RequireFirstProbe out.");
        }

        var outliers = ModelPath.Join(path, nameof(health.Outliers));
        SpanChecks.Check(health.Outliers.Window, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), ModelPath.Join(outliers, nameof(health.Outliers.Window)), report);
        var slowStart = ModelPath.Join(path, nameof(health.SlowStart));
        SpanChecks.Check(health.SlowStart.Window, Second, Hour, ModelPath.Join(slowStart, nameof(health.SlowStart.Window)), report);
    }

    private static void CheckActive(Cluster cluster, ActiveHealth active, string path, Report report)
    {
        SpanChecks.Check(active.Interval, TimeSpan.FromMilliseconds(100), Hour, ModelPath.Join(path, nameof(active.Interval)), report);
        SpanChecks.Check(active.IdleInterval, active.Interval, TimeSpan.FromDays(1), ModelPath.Join(path, nameof(active.IdleInterval)), report);
        SpanChecks.Check(active.Timeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1), ModelPath.Join(path, nameof(active.Timeout)), report);
        CheckTarget(cluster, active, path, report);
        for (var i = 0; i < active.Statuses.Count; i++)
        {
            if (active.Statuses[i] is < 100 or > 599)
            {
                report(ModelPath.Join(path, [nameof(active.Statuses), $"{i}"]), $"{active.Statuses[i]} is no status of HTTP, which are 100 to 599.");
            }
        }
    }

    private static void CheckTarget(Cluster cluster, ActiveHealth active, string path, Report report)
    {
        var isGrpc = active.Kind is ProbeKind.Grpc;
        if (isGrpc && cluster.Http.Version.Major < 2)
        {
            report(ModelPath.Join(path, nameof(active.Kind)), "gRPC needs HTTP/2. Set Http.Version to \"2.0\", or ask with \"Get\".");
        }

        if (active.GrpcService is not null && !isGrpc)
        {
            report(ModelPath.Join(path, nameof(active.GrpcService)), $"GrpcService goes with Kind \"Grpc\" and says nothing with \"{active.Kind}\". Take it out.");
        }

        var where = ModelPath.Join(path, nameof(active.Path));
        if (isGrpc)
        {
            if (active.Path is not null)
            {
                report(where, "Path says nothing with Kind \"Grpc\", whose path is fixed. Take it out; GrpcService names what is asked about.");
            }
        }
        else if (active.Path is null)
        {
            report(where, "Path is missing. Write what the destinations answer health checks at, such as \"/health\".");
        }
        else if (!IsTarget(active.Path))
        {
            report(where, $"'{active.Path}' is no path to ask for. Write one that begins with a slash and has no fragment, spaces or control characters, such as \"/health\".");
        }
    }

    private static bool IsTarget(string path) =>
        path.StartsWith('/') && !path.StartsWith("//", StringComparison.Ordinal) && path.All(static c => c is > ' ' and < '\x7f' and not '#' and not '\\');
}
