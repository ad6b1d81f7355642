using GatewayKit.Pipeline;
using GatewayKit.Resilience.Fallbacks;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Configuration;

/// <summary>
/// What fallbacks must keep to: that there are the endpoints that they name, that nobody gets to an endpoint past its authorization, and that what stands in for each
/// other does not go in a circle, where one failure would take all the load round.
/// </summary>
internal static class FallbackChecks
{
    /// <summary>Checks gateway routes as they will be served, together with the host's own endpoints.</summary>
    /// <param name="own">The endpoints of the host.</param>
    /// <param name="routes">The endpoints of gateway routes.</param>
    /// <param name="places">Where policies were written.</param>
    public static IEnumerable<ConfigurationError> Check(IReadOnlyList<Endpoint> own, IReadOnlyList<Endpoint> routes, PolicyPlaces places)
    {
        var errors = new List<ConfigurationError>();
        var named = new Dictionary<string, Endpoint>(StringComparer.Ordinal);
        foreach (var endpoint in own)
        {
            if (endpoint.Metadata.GetMetadata<IEndpointNameMetadata>() is { } name)
            {
                named.TryAdd(name.EndpointName, endpoint);
            }
        }

        var ways = new FallbackWays();
        foreach (var endpoint in own.Concat(routes))
        {
            if (PolicyOf(endpoint) is not { } policy)
            {
                continue;
            }

            var path = ModelPath.Join(places.PathOf(endpoint, policy), "Fallback");
            if (policy.Endpoint is { } target)
            {
                CheckEndpoint(endpoint, target, named, ModelPath.Join(path, nameof(policy.Endpoint)), (where, message) => errors.Add(new(where, message)));
            }

            ways.Add(endpoint, policy, path);
        }

        return errors.Concat(ways.Circles());
    }

    private static FallbackPolicy? PolicyOf(Endpoint endpoint)
    {
        foreach (var step in endpoint.Metadata.Last<GatewayPipeline>()?.Steps ?? [])
        {
            if (step.Policy is FallbackPolicy policy)
            {
                return policy;
            }
        }

        return null;
    }

    private static void CheckEndpoint(Endpoint endpoint, string target, Dictionary<string, Endpoint> named, string path, Report report)
    {
        if (!named.TryGetValue(target, out var found))
        {
            var hint = NearestName.Of(target, named.Keys) is { } nearest ? $"Did you mean '{nearest}'?"
                : named.Count == 0 ? "No endpoint of the host has a name; give one with WithName()."
                : $"There are: {string.Join(", ", named.Keys.Order(StringComparer.Ordinal).Take(10))}.";
            report(path, $"The host has no endpoint named '{target}'. {hint}");
        }

        // Authorization by the host's middleware looks at the endpoint that the request matched.
        else if (AsksForUser(found) && !AsksForUser(endpoint))
        {
            report(path, $"The endpoint '{target}' requires authorization, which is checked for the endpoint that a request matches, and this one requires none. Require it here too, or let another endpoint stand in.");
        }
    }

    private static bool AsksForUser(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null
        && (endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null || endpoint.Metadata.GetMetadata<AuthorizationPolicy>() is not null);
}
