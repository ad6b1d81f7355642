using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.ExtensionTests.Discovery;

/// <summary>The code of docs/discovery.md.</summary>
internal static class DocumentedDiscovery
{
    public static GatewayBuilder AddOrders(IServiceCollection services) => services.AddApiGateway()
        .AddClusters(new Cluster
        {
            Id = "orders",
            Discovery = new() { Source = "Dns", Name = "http://orders.internal:8080", Refresh = TimeSpan.FromSeconds(10) },
        });

    public static GatewayBuilder AddFile(IServiceCollection services) =>
        services.AddApiGateway().AddDestinationSource<FileDestinationSource>("File");
}
