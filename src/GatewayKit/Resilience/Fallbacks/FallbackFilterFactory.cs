using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Fallbacks;

/// <summary>Looks at what came of a request before anything of it is written, and puts something else in its place.</summary>
internal sealed class FallbackFilterFactory(FallbackEndpoints endpoints, IClusterSender clusters, FallbackMetrics metrics, TimeProvider time) : GatewayFilterFactory<FallbackPolicy>
{
    protected override EndpointFilterDelegate Create(FallbackPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) =>
        new FallbackLink(policy, endpoint, new(policy, endpoint, time), next, endpoints, clusters, metrics).RunAsync;
}
