using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Routing;

namespace Standalone;

/// <summary>Validates a configuration without serving it.</summary>
internal static class ConfigurationCheck
{
    /// <summary>Prints what was asked for.</summary>
    /// <returns>What is wrong; empty if nothing is.</returns>
    public static async Task<IReadOnlyList<ConfigurationError>> RunAsync(WebApplication app, CommandLine line)
    {
        var result = await app.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync();
        if (!result.Accepted)
        {
            return result.Errors;
        }

        if (line.Print)
        {
            foreach (var pipeline in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.Select(static endpoint => endpoint.Metadata.GetMetadata<GatewayPipeline>()))
            {
                Console.WriteLine(pipeline);
            }
        }

        var (routes, clusters) = (result.Snapshot.Routes.Count, result.Snapshot.Clusters.Count);
        Console.WriteLine($"{line.Config} is fine: {Count(routes, "route")}, {Count(clusters, "cluster")}, hash {result.Snapshot.Hash}.");
        return [];
    }

    private static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? string.Empty : "s")}";
}
