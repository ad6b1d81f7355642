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
            Follow(new(start, string.Empty), [], done, errors);
        }

        return errors;
    }

    private static string Cluster(string id) => $"cluster '{id}'";

    private static string Own(string name) => $"endpoint '{name}'";

    private void Follow(Way here, List<Way> trail, HashSet<string> done, List<ConfigurationError> errors)
    {
        if (done.Contains(here.To))
        {
            return;
        }

        trail.Add(here);
        foreach (var way in _from.GetValueOrDefault(here.To) ?? [])
        {
            var seen = trail.FindIndex(known => string.Equals(known.To, way.To, StringComparison.OrdinalIgnoreCase));
            if (seen >= 0)
            {
                errors.Add(new(way.Path, Describe([.. trail.Skip(seen)], way)));
            }
            else
            {
                Follow(way, trail, done, errors);
            }
        }

        trail.RemoveAt(trail.Count - 1);
        done.Add(here.To);
    }

    // The way into the circle is no part of it.
    private static string Describe(Way[] circle, Way last)
    {
        string[] fallbacks = [.. circle.Skip(1).Append(last).Select(static way => way.Path).Distinct(StringComparer.Ordinal)];
        return $"Fallbacks go in a circle: {string.Join(" → ", circle.Append(circle[0]).Select(static way => way.To))}. "
            + (fallbacks.Length == 1 ? "Let it end in a fixed answer." : $"Let one of these end in a fixed answer: {string.Join(", ", fallbacks)}.");
    }

    private sealed record Way(string To, string Path);
}
