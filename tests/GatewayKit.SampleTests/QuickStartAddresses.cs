using GatewayKit.Shared;

namespace GatewayKit.SampleTests;

/// <summary>Addresses for the services that QuickStart starts itself: its own may be in use.</summary>
internal static class QuickStartAddresses
{
    public static IEnumerable<KeyValuePair<string, string?>> Free()
    {
        string[] destinations = ["catalog:Destinations:a", "catalog:Destinations:b", "catalog:Destinations:c", "orders:Destinations:a", "reports:Destinations:a"];
        return destinations.Select(static destination => KeyValuePair.Create($"Gateway:Clusters:{destination}:Address", (string?)$"http://127.0.0.1:{FreePort.Next()}"));
    }
}
