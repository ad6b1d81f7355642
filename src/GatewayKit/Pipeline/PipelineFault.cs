using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Pipeline;

/// <summary>A policy of an endpoint that would not be applied. Nothing is served with one.</summary>
/// <param name="Endpoint">The endpoint.</param>
/// <param name="Fault">What is wrong.</param>
internal sealed record PipelineFault(Endpoint Endpoint, PolicyFault Fault)
{
    /// <summary>What people call the endpoint.</summary>
    public string EndpointName => Endpoint.DisplayName ?? "(unnamed endpoint)";

    /// <summary>All of them in these endpoints, as they will be served.</summary>
    public static IEnumerable<PipelineFault> In(IEnumerable<Endpoint> endpoints)
    {
        var served = endpoints.Where(static endpoint => endpoint.Metadata.Last<ISuppressMatchingMetadata>() is not { SuppressMatching: true }).ToArray();
        return served.SelectMany(static endpoint => FaultsOf(endpoint.Metadata).Select(fault => new PipelineFault(endpoint, fault)))
            .Concat(InSharedActions(served));
    }

    // MVC keeps the chain of filters with the action, so an action that is mapped twice runs the chain that was built last for both.
    private static IEnumerable<PipelineFault> InSharedActions(Endpoint[] served) =>
        from endpoint in served
        let action = endpoint.Metadata.Last<ActionDescriptor>()
        where action is not null
        group endpoint by action into mapped
        where mapped.Select(PoliciesOf).Distinct().Skip(1).Any()
        select new PipelineFault(
            mapped.First(),
            new("The action is mapped several times with different policies, and MVC would run those of one mapping for all. Map it once, or with the same policies."));

    private static ValueList<IGatewayPolicy> PoliciesOf(Endpoint endpoint) =>
        ValueList<IGatewayPolicy>.From(endpoint.Metadata.Last<GatewayPipeline>()?.Steps.Select(static step => step.Policy));

    private static IEnumerable<PolicyFault> FaultsOf(EndpointMetadataCollection metadata)
    {
        if (metadata.Last<IGatewayPolicy>() is null)
        {
            return [];
        }

        var policies = metadata.OfType<IGatewayPolicy>().ToArray();

        // The endpoint's own pipeline is the last: nothing else adds one.
        if (metadata.Last<GatewayPipeline>() is not { } pipeline)
        {
            return policies.Select(static policy =>
                new PolicyFault($"{policy.GetType().Name} is in the metadata, but no filter applies it. Add policies with their With… call, to endpoints that run endpoint filters."));
        }

        var late = policies.Except<object>(pipeline.Endpoint.Metadata.OfType<IGatewayPolicy>(), ReferenceEqualityComparer.Instance);
        return pipeline.Faults.Concat(late.Select(static policy =>
            new PolicyFault($"{policy.GetType().Name} was added when the pipeline had been built, as by a convention in Finally(). Add it in a plain convention.")));
    }
}

/// <summary>Why a policy would not be applied.</summary>
/// <param name="Message">What is wrong, in words.</param>
internal sealed record PolicyFault(string Message)
{
    /// <summary>The policy, if it is its settings that have to be mended.</summary>
    public GatewayPipelineStep? Step { get; init; }
}
