using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using GatewayKit.Routing;

namespace GatewayKit.Configuration;

/// <summary>What one source says, and what the paths of errors in it start with.</summary>
/// <param name="Source">The source's name.</param>
/// <param name="Set">What it says.</param>
/// <param name="IsComplete">Whether the source could be read; if not, ids that nobody knows may be its own.</param>
/// <param name="Gaps">The items of lists that are missing in it, if any are.</param>
internal sealed record SourcedSet(string Source, RouteSet Set, bool IsComplete = true, ListGaps? Gaps = null);

/// <summary>What routes may name.</summary>
/// <param name="Clusters">The ids of all clusters; <see langword="null"/> if some may be missing.</param>
/// <param name="PrefixParameters">The parameters that groups of the host put in front of paths.</param>
internal sealed record KnownNames(IReadOnlySet<string>? Clusters, IReadOnlyCollection<string> PrefixParameters);

/// <summary>
/// Checks routes, clusters and defaults, wherever they come from, and finds every error at once. It checks what the types cannot
/// say; <see cref="SectionBinder"/> has checked the writing.
/// </summary>
internal sealed class RouteSetValidator(AnnotationChecks annotations, PolicyChecks policies, RouteChecks routeChecks, DestinationTrust trust, DiscoveryChecks discovery, NamedClientChecks clients, AffinityChecks affinity,
    PriorityOrder priorities, CatalogChecks catalog)
{
    /// <param name="sets">What the sources say.</param>
    /// <param name="mapped">What the host mapped. Its routes from code are not part of a set, but use its clusters.</param>
    /// <param name="findings">What is known of the routes in force. They are not checked again; takes what is found.</param>
    public IReadOnlyList<ConfigurationError> Validate(IReadOnlyList<SourcedSet> sets, MappedRoutes mapped, RouteFindings findings)
    {
        var errors = new List<ConfigurationError>();
        Report report = (path, message) => errors.Add(new(path, message));

        var clusterIds = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var clusters = new Dictionary<string, Cluster>(StringComparer.OrdinalIgnoreCase);
        var count = sets.Sum(static set => set.Set.Routes.Count);
        var routeIds = new Dictionary<string, string>(count, StringComparer.OrdinalIgnoreCase);
        foreach (var (source, set, _, _) in sets)
        {
            foreach (var cluster in set.Clusters)
            {
                var path = ModelPath.Join(source, [nameof(RouteSet.Clusters), cluster.Id ?? string.Empty]);
                Ids.Check(cluster.Id, "cluster", path, report);
                NoteId(clusterIds, cluster.Id, source, "cluster", path, report);
                if (cluster.Id is { } clusterId)
                {
                    clusters.TryAdd(clusterId, cluster);
                }

                if (annotations.Check(cluster, path, report))
                {
                    ClusterChecks.Check(cluster, path, report);
                    trust.Check(cluster, path, report);
                    discovery.Check(cluster, path, report);
                    clients.Check(cluster, path, report);
                    affinity.Check(cluster, path, report);
                    LimitChecks.CheckClasses(cluster, priorities, path, report);
                }
            }
        }

        var known = new KnownNames(
            sets.All(static set => set.IsComplete) ? clusterIds.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase) : null, mapped.PrefixParameters);
        var sound = new List<GatewayRoute>(count);
        foreach (var (source, set, _, _) in sets)
        {
            policies.Check(set.Defaults, ModelPath.Join(source, nameof(RouteSet.Defaults)), known.Clusters, report);
            foreach (var route in set.Routes)
            {
                ReloadPace.Step();
                if (route.Id is { } id && findings.IsInForce(route) && Knows(known.Clusters, route) && routeIds.TryAdd(id, source))
                {
                    sound.Add(route);
                    continue;
                }

                var path = ModelPath.Join(source, [nameof(RouteSet.Routes), route.Id ?? string.Empty]);
                Ids.Check(route.Id, "route", path, report);
                NoteId(routeIds, route.Id, source, "route", path, report);
                if (CheckRoute(route, path, known, report))
                {
                    sound.Add(route);
                }
            }
        }

        foreach (var route in mapped.FromCode)
        {
            CheckRoute(route, $"MapGatewayRoute(\"{route.Id}\")", known, report);
        }

        CheckGrpc(sets, mapped, clusters, report);
        catalog.Check(sets, report);

        // Which of them are side by side when conditions select them shows when the endpoints are built.
        foreach (var (routeId, message) in mapped.AreSelected ? [] : RouteConflicts.Find(sound.SelectMany(findings.PathsOf)))
        {
            report(ModelPath.Join(routeIds.GetValueOrDefault(routeId, string.Empty), [nameof(RouteSet.Routes), routeId]), message);
        }

        return errors;
    }

    // On every run and for every route: what changes may be the cluster alone.
    private static void CheckGrpc(IReadOnlyList<SourcedSet> sets, MappedRoutes mapped, Dictionary<string, Cluster> clusters, Report report)
    {
        foreach (var (source, set, _, _) in sets)
        {
            foreach (var route in set.Routes)
            {
                CheckOne(route, ModelPath.Join(source, [nameof(RouteSet.Routes), route.Id ?? string.Empty]));
            }
        }

        foreach (var route in mapped.FromCode)
        {
            CheckOne(route, $"MapGatewayRoute(\"{route.Id}\")");
        }

        void CheckOne(GatewayRoute route, string path)
        {
            foreach (var id in route.IsForGrpc ? route.ClusterIds : [])
            {
                if (id is not null && clusters.TryGetValue(id, out var cluster))
                {
                    GrpcRouteChecks.Check(cluster, ModelPath.Join(path, route.Split is null ? nameof(route.Cluster) : nameof(route.Split)), report);
                }
            }
        }
    }

    private static bool Knows(IReadOnlySet<string>? clusters, GatewayRoute route) =>
        clusters is null
        || ((route.Cluster is { } cluster ? clusters.Contains(cluster) : route.ClusterIds.All(clusters.Contains)) && PolicyChecks.Know(clusters, route.Policies));

    private bool CheckRoute(GatewayRoute route, string path, KnownNames known, Report report)
    {
        policies.Check(route.Policies, path, known.Clusters, report);
        if (route.Policies is { Count: > 0 })
        {
            MirrorChecks.Check(route, path, report);
        }

        return annotations.Check(route, path, report) && routeChecks.Check(route, path, known, report);
    }

    private static void NoteId(Dictionary<string, string> ids, string? id, string source, string kind, string path, Report report)
    {
        if (id is not null && !ids.TryAdd(id, source))
        {
            var other = ids[id];
            report(path, other == source
                ? $"The {kind} '{id}' is there twice; ids differ by more than case. Rename one of them."
                : $"The {kind} '{id}' comes from two sources: '{other}' and '{source}'. Remove it from one, or rename it.");
        }
    }
}

/// <summary>Notes an error at a path.</summary>
internal delegate void Report(string path, string message);
