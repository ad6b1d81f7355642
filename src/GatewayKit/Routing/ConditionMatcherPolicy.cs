using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace GatewayKit.Routing;

/// <summary>Asks the conditions that no index decides. A node whose endpoints have none is not asked at all.</summary>
internal sealed class ConditionMatcherPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    public override int Order => MatcherOrders.Conditions;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints)
    {
        // Asked of every node when the framework writes its tables.
        ReloadPace.Step();
        return endpoints.Any(static endpoint => RouteConditions.Of(endpoint) is { AreLeft: true } || endpoint.Metadata.Last<SeveralValues>() is not null);
    }

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        // Expanding moves the candidates after it; from the last to the first, none is missed.
        for (var i = candidates.Count - 1; i >= 0; i--)
        {
            if (!candidates.IsValidCandidate(i))
            {
                continue;
            }

            var metadata = candidates[i].Endpoint.Metadata;
            if (metadata.GetMetadata<SeveralValues>() is { } standIn)
            {
                standIn.Expand(httpContext, candidates, i);
            }
            else if (metadata.GetMetadata<RouteConditions>() is { AreLeft: true } conditions && !conditions.Hold(httpContext, candidates[i].Values))
            {
                candidates.SetValidity(i, false);
            }
        }

        return Task.CompletedTask;
    }
}
