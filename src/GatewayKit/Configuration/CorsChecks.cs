using GatewayKit.Identity.Cors;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Configuration;

/// <summary>Checks that one of the two says which pages may call an endpoint: the gateway or the framework.</summary>
internal static class CorsChecks
{
    public static IEnumerable<ConfigurationError> Check(IEnumerable<Endpoint> endpoints, PolicyPlaces places) =>
        from endpoint in endpoints
        let step = endpoint.Metadata.GetMetadata<GatewayPipeline>()?.Steps.FirstOrDefault(static step => step.Policy is GatewayCorsPolicy)
        where step is not null && endpoint.Metadata.GetMetadata<ICorsMetadata>() is not null
        select new ConfigurationError(
            ModelPath.Join(places.PathOf(endpoint, step.Policy), step.Name),
            $"'{endpoint.DisplayName}' has a CORS policy of the framework too, whose middleware answers first. Remove RequireCors() or [EnableCors] from the endpoint, or set Mode to \"Off\" here.");
}
