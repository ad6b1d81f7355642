using GatewayKit.Pipeline;
using GatewayKit.Rollout;
using GatewayKit.Routing;

namespace GatewayKit.Configuration;

/// <summary>Checks mirrors beside the route that they are of.</summary>
internal static class MirrorChecks
{
    public static void Check(GatewayRoute route, string path, Report report)
    {
        foreach (var mirror in route.Policies.OfType<MirrorPolicy>().Where(static mirror => mirror.Mode is not PolicyMode.Off))
        {
            if (route.ClusterIds.Contains(mirror.Cluster, StringComparer.OrdinalIgnoreCase))
            {
                report(
                    ModelPath.Join(path, ["Mirror", nameof(mirror.Cluster)]),
                    $"The mirror goes to '{mirror.Cluster}', where the route leads anyway: copies would take the place of requests there. Name another cluster, if need be with the same addresses.");
            }
        }
    }
}
