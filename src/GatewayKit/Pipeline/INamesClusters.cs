namespace GatewayKit.Pipeline;

/// <summary>A policy that names clusters, so that a name that is none is an error before anybody asks for it.</summary>
internal interface INamesClusters
{
    /// <summary>The properties with the clusters that they name.</summary>
    IEnumerable<(string Property, string Cluster)> Clusters { get; }
}
