using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Pipeline;

/// <summary>A policy of an endpoint that would not be applied. Nothing is served with one.</summary>
internal sealed record PipelineFault(string Endpoint, string Message)
{
    /// <summary>All of them in these endpoints, as they will be served.</summary>
    public static IEnumerable<PipelineFault> In(IEnumerable<Endpoint> endpoints) => endpoints
        .Where(static endpoint => endpoint.Metadata.GetMetadata<ISuppressMatchingMetadata>() is not { SuppressMatching: true })
        .SelectMany(static endpoint => MessagesOf(endpoint.Metadata).Select(message => new PipelineFault(endpoint.DisplayName ?? "(unnamed endpoint)", message)));

    /// <exception cref="InvalidOperationException">There is one. The message lists all.</exception>
    public static void ThrowIfAny(IEnumerable<Endpoint> endpoints)
    {
        var faults = In(endpoints).ToArray();
        if (faults.Length > 0)
        {
            throw new InvalidOperationException(string.Join(' ', faults.Select(static fault => fault.ToString())));
        }
    }

    public override string ToString() => $"{Endpoint}: {Message}";

    private static IEnumerable<string> MessagesOf(EndpointMetadataCollection metadata)
    {
        var policies = metadata.GetOrderedMetadata<IGatewayPolicy>();
        if (policies.Count == 0)
        {
            return [];
        }

        // The endpoint's own pipeline is the last: nothing else adds one.
        if (metadata.GetMetadata<GatewayPipeline>() is not { } pipeline)
        {
            return policies.Select(static policy =>
                $"{policy.GetType().Name} is in the metadata, but no filter applies it. Add policies with their With… call, to endpoints that run endpoint filters.");
        }

        var late = policies.Except<object>(pipeline.Endpoint.Metadata.OfType<IGatewayPolicy>(), ReferenceEqualityComparer.Instance);
        return pipeline.Faults.Concat(late.Select(static policy =>
            $"{policy.GetType().Name} was added when the pipeline had been built, as by a convention in Finally(). Add it in a plain convention."));
    }
}
