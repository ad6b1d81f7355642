using GatewayKit.Clusters;
using GatewayKit.Routing;

namespace GatewayKit.Configuration;

/// <summary>
/// Checks that gRPC reaches its destinations in HTTP/2. A route says that it is for gRPC by matching the content type, as in
/// <c>{ "Name": "Content-Type", "Values": ["application/grpc"], "Mode": "Prefix" }</c>.
/// </summary>
internal static class GrpcRouteChecks
{
    public static void Check(Cluster cluster, string path, Report report)
    {
        foreach (var (id, destination) in cluster.Destinations)
        {
            var address = destination.Address;
            var (version, policy) = (cluster.Http.Version, cluster.Http.VersionPolicy);
            if (address.IsAbsoluteUri
                && VersionChoice.Of(address.Scheme == Uri.UriSchemeHttps, version, policy) is not SpokenVersions.None and var spoken
                && !spoken.CarriesGrpc())
            {
                report(
                    path,
                    $"The route takes gRPC, which needs HTTP/2, but destination '{id}' of cluster '{cluster.Id}' is asked in HTTP/1.1. Write \"Http\": {{ \"Version\": \"2.0\", \"VersionPolicy\": \"RequestVersionExact\" }} in the cluster.");
                return;
            }
        }
    }
}
