using GatewayKit.Routing;

namespace GatewayKit.Configuration;

/// <summary>
/// What one run finds out about each route. The next run takes it over for the routes that say the same, so that a reload checks,
/// parses and writes only what changed.
/// </summary>
/// <param name="templates">Parses paths.</param>
/// <param name="former">The findings of the routes in force; they had no error.</param>
internal sealed class RouteFindings(RouteTemplates templates, RouteFindings? former = null)
{
    private readonly Dictionary<GatewayRoute, Finding> _findings = new(former?._findings.Count ?? 0, ReferenceEqualityComparer.Instance);
    private RouteFindings? _former = former;

    /// <summary>Puts the routes in force in the place of those that say the same: from here on they are told apart by reference.</summary>
    public static RouteSet Adopt(RouteSet set, GatewaySnapshot inForce)
    {
        GatewayRoute[]? adopted = null;
        for (var i = 0; i < set.Routes.Count; i++)
        {
            ReloadPace.Step();
            var route = set.Routes[i];
            if (route?.Id is { } id && inForce.Routes.TryGetValue(id, out var known) && !ReferenceEquals(known, route) && known.Equals(route))
            {
                (adopted ??= [.. set.Routes])[i] = known;
            }
        }

        return adopted is null ? set : set with { Routes = adopted };
    }

    /// <summary>Whether the route is in force, and so was checked before.</summary>
    public bool IsInForce(GatewayRoute route) => _former?._findings.ContainsKey(route) ?? false;

    /// <summary>The paths of a route that can be parsed, ready to be compared.</summary>
    public RoutedPath[] PathsOf(GatewayRoute route)
    {
        ReloadPace.Step();
        return Of(route).Paths ??= RoutedPath.Of(route, templates);
    }

    /// <summary>What is written of a route, as a number; <paramref name="compute"/> is asked once.</summary>
    public byte[] DigestOf(GatewayRoute route, Func<GatewayRoute, byte[]> compute) => Of(route).Digest ??= compute(route);

    /// <summary>Forgets the run before, with the routes that are no longer there.</summary>
    public RouteFindings Keep()
    {
        _former = null;
        return this;
    }

    private Finding Of(GatewayRoute route)
    {
        // A hash may be asked for while the next run takes over what is known.
        lock (_findings)
        {
            if (!_findings.TryGetValue(route, out var finding))
            {
                _findings.Add(route, finding = _former?.Known(route) ?? new Finding());
            }

            return finding;
        }
    }

    private Finding? Known(GatewayRoute route)
    {
        lock (_findings)
        {
            return _findings.GetValueOrDefault(route);
        }
    }

    private sealed class Finding
    {
        public RoutedPath[]? Paths { get; set; }

        public byte[]? Digest { get; set; }
    }
}
