using System.Net;
using System.Net.Sockets;

namespace GatewayKit.SampleTests;

/// <summary>Addresses for the services that QuickStart starts itself: its own may be in use.</summary>
internal static class QuickStartAddresses
{
    public static IEnumerable<KeyValuePair<string, string?>> Free()
    {
        string[] destinations = ["catalog:Destinations:a", "catalog:Destinations:b", "catalog:Destinations:c", "orders:Destinations:a", "reports:Destinations:a"];
        return destinations.Zip(FreePorts(destinations.Length), static (destination, port) => KeyValuePair.Create($"Gateway:Clusters:{destination}:Address", (string?)$"http://127.0.0.1:{port}"));
    }

    // Below those that the system gives to connections that go out, so that none takes the port of a service while it is dead.
    private static List<int> FreePorts(int count)
    {
        var ports = new List<int>();
        for (var port = Random.Shared.Next(20_000, 32_000); ports.Count < count; port++)
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                ports.Add(port);
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }

        return ports;
    }
}
