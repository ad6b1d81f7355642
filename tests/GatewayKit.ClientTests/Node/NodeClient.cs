using System.Diagnostics;
using GatewayKit.ClientTests.Hosting;

namespace GatewayKit.ClientTests.Node;

/// <summary>Runs one of the scripts beside this file with node and the packages that <c>tests/run</c> installed.</summary>
internal static class NodeClient
{
    public static async Task<string[]> RunAsync(string script, params IEnumerable<string> arguments)
    {
        Assert.True(Directory.Exists(Path.Combine(Paths.NodeClients, "node_modules")), $"No packages in {Paths.NodeClients}: tests/run installs them.");
        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "Node", script), .. arguments]);
        start.Environment["GATEWAYKIT_NODE_CLIENTS"] = Paths.NodeClients;
        return (await Command.RunAsync(start)).OutputOfSuccess().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
