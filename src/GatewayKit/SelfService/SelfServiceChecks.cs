using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.SelfService;

/// <summary>Lets no host start whose self-service view does not ask who is looking.</summary>
internal static class SelfServiceChecks
{
    /// <param name="endpoints">The endpoints of the host.</param>
    /// <returns>What is wrong, in sentences.</returns>
    public static IEnumerable<string> Check(IEnumerable<Endpoint> endpoints) =>
        endpoints.Where(static endpoint => endpoint.Metadata.GetMetadata<SelfServiceMetadata>() is not null).Select(FaultOf).OfType<string>().Distinct();

    private static string? FaultOf(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<GatewayPipeline>() is { AsksEveryCaller: true } ? null
        : "The self-service view tells callers of themselves, but does not ask every one of them who it is. Write app.MapGatewaySelfService().RequireApiKey(), or another policy that finds out who calls, in force for all.";
}
