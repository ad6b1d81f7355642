using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;

namespace GatewayKit.Configuration;

/// <summary>Checks where a cluster finds destinations, and what was found.</summary>
internal sealed class DiscoveryChecks(DestinationSources sources, AnnotationChecks annotations)
{
    // The source of the package of that name.
    private const string ServiceDiscovery = "ServiceDiscovery";

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public void Check(Cluster cluster, string path, Report report)
    {
        if (cluster.Discovery is not { } discovery)
        {
            return;
        }

        path = ModelPath.Join(path, nameof(cluster.Discovery));
        CheckSource(cluster, discovery, path, report);
        SpanChecks.Check(discovery.Refresh, TimeSpan.FromSeconds(1), Day, ModelPath.Join(path, nameof(discovery.Refresh)), report, mayBeInfinite: true);
        SpanChecks.Check(discovery.KeepLastGood, TimeSpan.Zero, Day, ModelPath.Join(path, nameof(discovery.KeepLastGood)), report, mayBeInfinite: true);
        SpanChecks.Check(discovery.StartTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(5), ModelPath.Join(path, nameof(discovery.StartTimeout)), report);
    }

    /// <summary>What is wrong with a destination that was found, by the rules for one that is configured.</summary>
    public string? FaultOf(string id, Destination? destination, ClusterHttp http)
    {
        if (destination is null)
        {
            return "There is an id and no destination.";
        }

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
        string? fault;
        try
        {
            if (sources.Find(discovery.Source) is not { } source)
            {
                report(ModelPath.Join(path, nameof(discovery.Source)), Missing(discovery.Source));
                return;
            }

            fault = source.FaultOf(discovery.Name);
        }
#pragma warning disable CA1031 // Sources are code of the host, and so is what makes them. Whatever they throw, it is the cluster that cannot have its destinations.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            report(ModelPath.Join(path, nameof(discovery.Source)), $"The destination source '{discovery.Source}' cannot be used: {exception.Message}");
            return;
        }

        if (fault is not null)
        {
            report(ModelPath.Join(path, nameof(discovery.Name)), fault);
        }
        else if (HttpName.TryParse(discovery.Name, out var address) && VersionChoice.Fault(address, cluster.Http.Version, cluster.Http.VersionPolicy) is { } unspoken)
        {
            report(ModelPath.Join(path, nameof(discovery.Name)), unspoken);
        }
    }

    private string Missing(string name)
    {
        var missing = $"There is no destination source '{name}'. ";
        return string.Equals(name, ServiceDiscovery, StringComparison.OrdinalIgnoreCase)
            ? $"{missing}Add the package GatewayKit.ServiceDiscovery and call AddServiceDiscovery() on what AddApiGateway() returns."
            : $"{missing}{(NearestName.Of(name, sources.Names) is { } nearest ? $"Did you mean '{nearest}'? " : string.Empty)}Known: {string.Join(", ", sources.Names)}. Others are added with AddDestinationSource.";
    }
}
