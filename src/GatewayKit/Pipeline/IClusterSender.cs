namespace GatewayKit.Pipeline;

/// <summary>Sends a request to a cluster in the name of a policy that stands in front of the terminal.</summary>
internal interface IClusterSender
{
    /// <summary>Makes one attempt, with no retries and no hedges, at a cluster of the configuration in force.</summary>
    /// <returns>The answer, unwritten and given back with the request at the latest, or a refusal.</returns>
    ValueTask<object?> SendOnceAsync(GatewayContext context, string clusterId);
}
