using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;

namespace GatewayKit.Configuration;

/// <summary>Checks where a cluster finds destinations, and what was found.</summary>
internal sealed class DiscoveryChecks(DestinationSources sources, AnnotationChecks annotations)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public void Check(Cluster cluster, string path, Report report)
    {
        if (cluster.Discovery is not { } discovery)
        {
            return;
        }

        path = ModelPath.Join(path, nameof(cluster.Discovery));
        CheckSource(cluster, discovery, path, report);
        CheckSpan(discovery.Refresh, TimeSpan.FromSeconds(1), Day, mayBeInfinite: true, ModelPath.Join(path, nameof(discovery.Refresh)), report);
        CheckSpan(discovery.KeepLastGood, TimeSpan.Zero, Day, mayBeInfinite: true, ModelPath.Join(path, nameof(discovery.KeepLastGood)), report);
        CheckSpan(discovery.StartTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(5), mayBeInfinite: false, ModelPath.Join(path, nameof(discovery.StartTimeout)), report);
    }

    /// <summary>What is wrong with a destination that was found, by the rules for one that is configured.</summary>
    public string? FaultOf(string id, Destination destination, ClusterHttp http)
    {
        // Colons are part of addresses; ids that were found are no keys of a configuration.
        var faults = new List<string>();
        Ids.Check(id.Replace(':', '.'), "destination", string.Empty, Note);
        if (annotations.Check(destination, string.Empty, Note))
        {
            ClusterChecks.CheckDestination(destination, http, string.Empty, nameof(Cluster.Http), Note);
        }

        return faults.Count == 0 ? null : string.Join(' ', faults);

        void Note(string path, string message) => faults.Add(message);
    }

    private void CheckSource(Cluster cluster, ClusterDiscovery discovery, string path, Report report)
    {
        if (sources.Find(discovery.Source) is not { } source)
        {
            report(ModelPath.Join(path, nameof(discovery.Source)), $"There is no destination source '{discovery.Source}'. "
                + (NearestName.Of(discovery.Source, sources.Names) is { } nearest ? $"Did you mean '{nearest}'? " : string.Empty)
                + $"Known: {string.Join(", ", sources.Names)}. Others are added with AddDestinationSource.");
        }
        else if (source.FaultOf(discovery.Name) is { } fault)
        {
            report(ModelPath.Join(path, nameof(discovery.Name)), fault);
        }
        else if (HttpName.TryParse(discovery.Name, out var address) && VersionChoice.Fault(address, cluster.Http.Version, cluster.Http.VersionPolicy) is { } unspoken)
        {
            report(ModelPath.Join(path, nameof(discovery.Name)), unspoken);
        }
    }

    private static void CheckSpan(TimeSpan span, TimeSpan least, TimeSpan most, bool mayBeInfinite, string path, Report report)
    {
        if ((span < least || span > most) && !(mayBeInfinite && span == Timeout.InfiniteTimeSpan))
        {
            report(path, $"{path[(path.LastIndexOf(':') + 1)..]} is {span:c}; it must be {least:c} to {most:c}{(mayBeInfinite ? ", or \"Infinite\"" : string.Empty)}.");
        }
    }
}
