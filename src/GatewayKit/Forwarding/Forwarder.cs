using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Forwarding;

/// <summary>Sends a request to a destination and brings back its answer.</summary>
public sealed class Forwarder
{
    internal Forwarder()
    {
    }

    /// <summary>The terminal of the routes of a cluster.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1822", Justification = "Placeholder.")]
    internal EndpointFilterDelegate CreateTerminal(ClusterState cluster) =>
        _ => new(new GatewayProblem(RejectionReason.NoHealthyUpstream, cluster.Cluster.Id));
}
