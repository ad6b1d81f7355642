using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Routing;

/// <summary>
/// Finds routes that take each other's requests: pairs that nothing tells apart, and routes that no request reaches because another of
/// higher priority takes all of theirs. Only what can be proved is told.
/// </summary>
internal static class RouteConflicts
{
    /// <summary>Conflicts among configured routes. Templates that cannot be parsed are skipped: they are errors of their own.</summary>
    public static IEnumerable<(string RouteId, string Message)> Find(IReadOnlyCollection<GatewayRoute> routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        var templates = new RouteTemplates();
        return Find(routes.SelectMany(route => RoutedPath.Of(route, templates)));
    }

    /// <summary>Conflicts among built endpoints, with the prefixes of their groups.</summary>
    public static IEnumerable<(string RouteId, string Message)> Find(IEnumerable<Endpoint> endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return Find(endpoints.OfType<RouteEndpoint>()
            .Select(static endpoint => RouteConditions.Of(endpoint)?.PathOf(endpoint))
            .OfType<RoutedPath>());
    }

    /// <summary>Conflicts among paths.</summary>
    public static IReadOnlyList<(string RouteId, string Message)> Find(IEnumerable<RoutedPath> paths)
    {
        var all = paths.ToList();
        return new List<(string, string)>([.. Ambiguous(all), .. Unreachable(all)]);
    }

    private static IEnumerable<(string RouteId, string Message)> Ambiguous(List<RoutedPath> paths)
    {
        var first = new Dictionary<(string Shape, int Priority, string Conditions, HostPattern Host, string? Method), RoutedPath>(paths.Count);
        var told = new HashSet<(GatewayRoute, GatewayRoute)>();
        foreach (var path in paths)
        {
            ReloadPace.Step();
            foreach (var host in path.Hosts)
            {
                foreach (var method in path.Methods)
                {
                    var key = (path.Shape, path.Route.Priority, path.Conditions, host, method);
                    if (!first.TryAdd(key, path) && first[key] is var other && !ReferenceEquals(other, path) && told.Add((other.Route, path.Route)))
                    {
                        yield return (path.Route.Id, DescribeAmbiguity(other, path, host, method));
                    }
                }
            }
        }
    }

    private static IEnumerable<(string RouteId, string Message)> Unreachable(List<RoutedPath> paths)
    {
        var lowest = paths.Count == 0 ? 0 : paths.Min(static path => path.Route.Priority);
        var wide = new WidePaths(paths.Where(path => path.Route.Priority > lowest));
        if (wide.IsEmpty)
        {
            yield break;
        }

        foreach (var route in paths.GroupBy(static path => path.Route, ReferenceEqualityComparer.Instance))
        {
            RoutedPath? narrow = null, shadow = null;
            foreach (var path in route)
            {
                shadow = wide.ShadowOf(narrow = path);
                if (shadow is null)
                {
                    break;
                }
            }

            if (shadow is not null)
            {
                yield return (narrow!.Route.Id, DescribeShadow(shadow, narrow));
            }
        }
    }

    private static string DescribeAmbiguity(RoutedPath first, RoutedPath second, HostPattern host, string? method)
    {
        var requests = $"{method ?? "every method"} {second.Pattern.RawText}{(host == default ? string.Empty : $" on {host}")}";
        return ReferenceEquals(first.Route, second.Route)
            ? $"Route '{second.Route.Id}' takes {requests} twice, as {first.Pattern.RawText} and as {second.Pattern.RawText}. Remove one of its paths, or one of its mappings."
            : $"Routes '{first.Route.Id}' and '{second.Route.Id}' both take {requests}, and nothing tells them apart. Give one of them a higher Priority, "
                + "or a host, method, header or query condition that the other has not, or remove one.";
    }

    private static string DescribeShadow(RoutedPath shadow, RoutedPath path) =>
        $"No request reaches route '{path.Route.Id}' ({path.Pattern.RawText}): route '{shadow.Route.Id}' ({shadow.Pattern.RawText}) takes all of its requests with priority "
        + FormattableString.Invariant($"{shadow.Route.Priority} over {path.Route.Priority}. Raise the Priority of '{path.Route.Id}' above that, lower that of '{shadow.Route.Id}', or remove '{path.Route.Id}'.");
}
