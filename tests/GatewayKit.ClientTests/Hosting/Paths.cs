using System.Reflection;

namespace GatewayKit.ClientTests.Hosting;

/// <summary>What the build told this assembly of the file system.</summary>
internal static class Paths
{
    public static string StandaloneAssembly { get; } = Metadata("StandaloneAssembly");

    /// <summary>The folder whose <c>node_modules</c> holds the clients; <c>tests/run</c> installs them.</summary>
    public static string NodeClients => Environment.GetEnvironmentVariable("GATEWAYKIT_NODE_CLIENTS") ?? Metadata("NodeClients");

    private static string Metadata(string key) =>
        typeof(Paths).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == key).Value!;
}
