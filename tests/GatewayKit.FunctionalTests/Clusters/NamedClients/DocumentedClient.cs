using GatewayKit.Clusters;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;

namespace GatewayKit.FunctionalTests.Clusters.NamedClients;

/// <summary>The code of docs/discovery.md.</summary>
internal static class DocumentedClient
{
    public static void Add(IServiceCollection services) =>
        services.AddHttpClient("orders").AddStandardResilienceHandler(options =>
        {
            options.Retry.DisableForUnsafeHttpMethods();
            options.TotalRequestTimeout.Timeout = TimeSpan.FromSeconds(40);
        });

    public static Cluster Through(Cluster orders) => orders with { Http = orders.Http with { Client = "orders" } };
}
