using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Standalone;

/// <summary>Says what is in a configuration that has passed every check of a start.</summary>
internal static class ConfigurationCheck
{
    /// <summary>Prints what was asked for.</summary>
    public static void Print(WebApplication app, CommandLine line)
    {
        if (line.Print)
        {
            Console.WriteLine(app.Services.GetRequiredService<GatewayInspector>().Describe(verbose: true));
        }

        var snapshot = app.Services.GetRequiredService<GatewayConfigurator>().Current;
        Console.WriteLine($"{line.Config} is fine: {Count(snapshot.Routes.Count, "route")}, {Count(snapshot.Clusters.Count, "cluster")}, hash {snapshot.Hash}.");
    }

    private static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? string.Empty : "s")}";

    /// <summary>Listens nowhere: a check starts the app like any other, and so goes through everything that a start does.</summary>
    public sealed class NoServer : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
