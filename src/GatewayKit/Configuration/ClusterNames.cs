namespace GatewayKit.Configuration;

/// <summary>Checks names of clusters, wherever they stand.</summary>
internal static class ClusterNames
{
    /// <param name="name">What should be one.</param>
    /// <param name="clusters">The ids of all clusters; <see langword="null"/> if some may be missing.</param>
    /// <param name="path">Where the name stands.</param>
    /// <param name="report">Takes the error.</param>
    public static void Check(string name, IReadOnlySet<string>? clusters, string path, Report report)
    {
        if (clusters is null || clusters.Contains(name))
        {
            return;
        }

        var hint = NearestName.Of(name, clusters) is { } nearest ? $"Did you mean '{nearest}'?"
            : clusters.Count == 0 ? "There are no clusters; add it under Clusters."
            : "Add it under Clusters, or correct the name.";
        report(path, $"There is no cluster '{name}'. {hint}");
    }
}
