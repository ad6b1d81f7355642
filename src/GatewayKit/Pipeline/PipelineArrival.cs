using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>Where requests arrive at an endpoint of the host.</summary>
internal static class PipelineArrival
{
    /// <summary>Stands in front of an endpoint. While its conventions run: the framework keeps a delegate that they have replaced, and which leads to the one it makes then.</summary>
    public static void AddTo(EndpointBuilder builder)
    {
        if (builder.RequestDelegate is { } serve)
        {
            // What is in effect is known when the pipeline is built.
            builder.RequestDelegate = httpContext =>
            {
                if (httpContext.GetEndpoint()?.Metadata.GetMetadata<GatewayPipeline>() is { Endpoint.IsRoute: false, Arrival: { } arrive })
                {
                    arrive(httpContext);
                }

                return serve(httpContext);
            };
        }
    }
}
