using System.Net;

namespace GatewayKit.ExtensionTests.Geo;

/// <summary>Which country an address belongs to. State of the host, so a singleton: filters are built again and again, this is not.</summary>
public sealed class CountryTable
{
    private readonly List<(IPNetwork Network, string Country)> _networks = [];

    /// <summary>Adds a network. Later ones do not override earlier ones.</summary>
    public CountryTable Add(string country, string network)
    {
        _networks.Add((IPNetwork.Parse(network), country));
        return this;
    }

    /// <summary>The country of an address; <see langword="null"/> if none is known.</summary>
    public string? Find(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true })
        {
            address = address.MapToIPv4();
        }

        foreach (var (network, country) in _networks)
        {
            if (address is not null && network.Contains(address))
            {
                return country;
            }
        }

        return null;
    }
}
