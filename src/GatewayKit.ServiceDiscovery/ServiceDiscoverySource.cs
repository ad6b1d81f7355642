using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;
using Microsoft.Extensions.ServiceDiscovery;

namespace GatewayKit.ServiceDiscovery;

/// <summary>Finds destinations with the host's providers of endpoints.</summary>
internal sealed class ServiceDiscoverySource(ServiceEndpointResolver resolver) : IDestinationSource
{
    public string? FaultOf(string name) => ServiceName.TryParse(name) is null
        ? $"'{name}' is not the address of a service. Write its name with one or two schemes, http or https, the one that is wanted first in front: \"https+http://orders\"."
        : null;

    public async ValueTask<DiscoveredDestinations> FindAsync(string name, CancellationToken cancellationToken)
    {
        var service = ServiceName.TryParse(name) ?? throw new ArgumentException(FaultOf(name), nameof(name));
        var found = await resolver.GetEndpointsAsync(name, cancellationToken).ConfigureAwait(false);
        var destinations = new Dictionary<string, Destination>(found.Endpoints.Count, StringComparer.OrdinalIgnoreCase);
        foreach (var endpoint in found.Endpoints)
        {
            if (service.At(endpoint.EndPoint) is { } address)
            {
                // An address may be named twice.
                var authority = address.IsDefaultPort ? address.IdnHost : $"{address.IdnHost}:{address.Port}";
                destinations[authority + ServiceName.BasePathOf(endpoint.EndPoint)] =
                    new() { Address = address, Host = endpoint.Features.Get<IHostNameFeature>()?.HostName };
            }
        }

        return new() { Destinations = destinations, Changed = found.ChangeToken };
    }
}
