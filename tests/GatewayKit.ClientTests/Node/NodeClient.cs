using System.Diagnostics;
using GatewayKit.ClientTests.Hosting;

namespace GatewayKit.ClientTests.Node;

/// <summary>Runs one of the scripts beside this file with node and the packages that <c>tests/run</c> installed.</summary>
internal static class NodeClient
{
    /// <param name="script">The name of the script.</param>
    /// <param name="certificate">What it trusts besides the authorities that node comes with.</param>
    /// <param name="arguments">What the script takes.</param>
    /// <returns>The lines that it printed.</returns>
    public static async Task<string[]> RunAsync(string script, TestCertificate? certificate, params IEnumerable<string> arguments)
    {
        Assert.True(Directory.Exists(Path.Combine(Paths.NodeClients, "node_modules")), $"No packages in {Paths.NodeClients}: tests/run installs them.");
        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "Node", script), .. arguments]);
        start.Environment["GATEWAYKIT_NODE_CLIENTS"] = Paths.NodeClients;
        start.Environment["NODE_EXTRA_CA_CERTS"] = certificate?.File;
        return (await Command.RunAsync(start)).OutputOfSuccess().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
