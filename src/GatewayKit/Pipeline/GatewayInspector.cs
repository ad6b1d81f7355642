using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Pipeline;

/// <summary>Shows what every endpoint does with a request: the effective pipelines of gateway routes and of the host's own endpoints. Thread-safe.</summary>
public sealed class GatewayInspector
{
    private readonly EndpointDataSource _endpoints;

    internal GatewayInspector(EndpointDataSource endpoints) => _endpoints = endpoints;

    /// <summary>The pipelines in force, in the order of the endpoints. Endpoints of the host without any policy are not among them.</summary>
    public IReadOnlyList<GatewayPipeline> Pipelines =>
        [.. _endpoints.Endpoints.Select(static endpoint => endpoint.Metadata.GetMetadata<GatewayPipeline>()).OfType<GatewayPipeline>()];

    /// <summary>All pipelines as text, one to a line.</summary>
    /// <param name="verbose">Whether the settings of each policy follow, and the policies that are not in effect.</param>
    public string Describe(bool verbose = false) =>
        string.Join(Environment.NewLine, Pipelines.Select(pipeline => pipeline.Describe(verbose)));
}
