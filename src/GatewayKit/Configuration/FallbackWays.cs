using GatewayKit.Resilience.Fallbacks;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Configuration;

/// <summary>What stands in for what: clusters and endpoints of the host, and the fallbacks that lead from one to the next.</summary>
internal sealed class FallbackWays
{
    private readonly Dictionary<string, List<Way>> _from = new(StringComparer.OrdinalIgnoreCase);

    public void Add(Endpoint endpoint, FallbackPolicy policy, string path)
    {
        if ((policy.Cluster is { } cluster ? Cluster(cluster) : policy.Endpoint is { } named ? Own(named) : null) is not { } to)
        {
            return;
        }

        IEnumerable<string> from = endpoint.Metadata.GetMetadata<GatewayRoute>() is { } route ? route.ClusterIds.Select(Cluster)
            : endpoint.Metadata.GetMetadata<IEndpointNameMetadata>() is { } name ? [Own(name.EndpointName)] : [];
        foreach (var place in from)
        {
            if (!_from.TryGetValue(place, out var ways))
            {
                _from[place] = ways = [];
            }

            // Many routes may lead the same way: one of them is enough to tell.
            if (!ways.Exists(way => string.Equals(way.To, to, StringComparison.OrdinalIgnoreCase)))
            {
                ways.Add(new(to, path));
            }
        }
    }

    /// <summary>One error for each circle, under the fallback that closes it.</summary>
    public IEnumerable<ConfigurationError> Circles()
    {
        var done = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var errors = new List<ConfigurationError>();
        foreach (var start in _from.Keys)
        {
            Follow(start, [], done, errors);
        }

        return errors;
    }

    private static string Cluster(string id) => $"cluster '{id}'";

    private static string Own(string name) => $"endpoint '{name}'";

    private void Follow(string place, List<string> trail, HashSet<string> done, List<ConfigurationError> errors)
    {
        if (done.Contains(place))
        {
            return;
        }

        trail.Add(place);
        foreach (var way in _from.GetValueOrDefault(place) ?? [])
        {
            var seen = trail.FindIndex(known => string.Equals(known, way.To, StringComparison.OrdinalIgnoreCase));
            if (seen >= 0)
            {
                errors.Add(new(way.Path, $"Fallbacks go in a circle: {string.Join(" → ", trail.Skip(seen).Append(trail[seen]))}. Let one of them end in a fixed answer."));
            }
            else
            {
                Follow(way.To, trail, done, errors);
            }
        }

        trail.RemoveAt(trail.Count - 1);
        done.Add(place);
    }

    private sealed record Way(string To, string Path);
}
