using System.Net;

namespace GatewayKit.Clusters.Discovery;

/// <summary>
/// One destination for each address (A, AAAA) of a host name. They keep the name: it is the <c>Host</c> that they are sent and what
/// their certificates must say.
/// </summary>
internal sealed class DnsDestinationSource(NameLookup names) : IDestinationSource
{
    public const string Name = "Dns";

    public string? FaultOf(string name) => HttpName.TryParse(name, out var address) && address.HostNameType is UriHostNameType.Dns
        ? null
        : $"'{name}' is not an http or https address with a host name to look up, such as \"http://orders.internal:8080\".";

    public async ValueTask<DiscoveredDestinations> FindAsync(string name, CancellationToken cancellationToken)
    {
        var address = new Uri(name);
        var found = await names.LookUpAsync(address.IdnHost, cancellationToken).ConfigureAwait(false);
        var destinations = new Dictionary<string, Destination>(found.Length);
        foreach (var ip in found)
        {
            // An address may be named twice.
            destinations[ip.ToString()] = new() { Address = At(address, ip), Host = address.IdnHost + (address.IsDefaultPort ? string.Empty : $":{address.Port}") };
        }

        return new() { Destinations = destinations };
    }

    private static Uri At(Uri address, IPAddress ip) => new UriBuilder(address) { Host = ip.ToString() }.Uri;
}
