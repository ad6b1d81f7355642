using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using GatewayKit.Clusters;
using GatewayKit.Pipeline;

namespace GatewayKit.Routing;

/// <summary>Compares two snapshots by the value equality of their records.</summary>
internal static class SnapshotComparison
{
    public static SnapshotDiff Compare(GatewaySnapshot from, GatewaySnapshot to)
    {
        var routes = Compare(from.Routes, to.Routes, Changes);
        var clusters = Compare(from.Clusters, to.Clusters, Changes);
        return new()
        {
            AddedRoutes = routes.Added,
            RemovedRoutes = routes.Removed,
            ChangedRoutes = routes.Changed,
            AddedClusters = clusters.Added,
            RemovedClusters = clusters.Removed,
            ChangedClusters = clusters.Changed,
            DefaultsChanged = !from.Defaults.SequenceEqual(to.Defaults),
            PlansChanged = !from.Plans.SequenceEqual(to.Plans),
            ProductsChanged = !from.Products.SequenceEqual(to.Products),
            ConsumersChanged = !from.Consumers.SequenceEqual(to.Consumers),
        };
    }

    private static (List<string> Added, List<string> Removed, List<SnapshotChange> Changed) Compare<T>(
        IReadOnlyDictionary<string, T> from, IReadOnlyDictionary<string, T> to, Func<T, T, IEnumerable<string>> changes)
        where T : class
    {
        var (added, changed) = (new List<string>(), new List<SnapshotChange>());
        foreach (var (id, item) in to)
        {
            ReloadPace.Step();
            if (!from.TryGetValue(id, out var before))
            {
                added.Add(id);
            }
            else if (!item.Equals(before))
            {
                changed.Add(new(id, [.. changes(before, item)]));
            }
        }

        return (added, [.. from.Keys.Where(id => !to.ContainsKey(id))], changed);
    }

    private static IEnumerable<string> Changes(GatewayRoute from, GatewayRoute to)
    {
        foreach (var name in ChangedProperties(from, to))
        {
            if (name != nameof(GatewayRoute.Policies))
            {
                yield return name;
            }
        }

        if (from.Policies.Equals(to.Policies))
        {
            yield break;
        }

        // The same policies in another order are a change that no single policy shows.
        var policies = from.Policies.Except(to.Policies).Concat(to.Policies.Except(from.Policies)).Select(static policy => policy.GetType().Name).Distinct().ToArray();
        foreach (var name in policies.Length == 0 && !from.Policies.SequenceEqual(to.Policies) ? [nameof(GatewayRoute.Policies)] : policies)
        {
            yield return name;
        }
    }

    private static IEnumerable<string> Changes(Cluster from, Cluster to) => ChangedProperties(from, to);

    private static IEnumerable<string> ChangedProperties<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(T from, T to)
    {
        foreach (var property in Properties<T>.All)
        {
            if (!Equals(property.GetValue(from), property.GetValue(to)))
            {
                yield return property.Name;
            }
        }
    }

    private static class Properties<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>
    {
        public static readonly PropertyInfo[] All = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance);
    }
}
