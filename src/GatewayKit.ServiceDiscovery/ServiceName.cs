using System.Net;
using Microsoft.Extensions.ServiceDiscovery;

namespace GatewayKit.ServiceDiscovery;

/// <summary>The name of a service as an address, such as <c>https+http://orders</c>: the schemes that will do, the wanted one first, and the path to put in front.</summary>
internal sealed class ServiceName
{
    private readonly Uri _name;
    private readonly string _scheme;

    private ServiceName(Uri name, string scheme) => (_name, _scheme) = (name, scheme);

    /// <returns><see langword="null"/> if the name is no such address.</returns>
    public static ServiceName? TryParse(string name)
    {
        if (!Uri.TryCreate(name, UriKind.Absolute, out var address) || address.Host.Length == 0
            || address.UserInfo.Length > 0 || address.Query.Length > 0 || address.Fragment.Length > 0 || !ServiceEndpointQuery.TryParse(name, out _))
        {
            return null;
        }

        var schemes = address.Scheme.Split('+');
        return Array.TrueForAll(schemes, static scheme => scheme is "http" or "https") ? new(address, schemes[0]) : null;
    }

    /// <summary>Where the service is at an endpoint; <see langword="null"/> if nothing of HTTP can be there.</summary>
    public Uri? At(EndPoint endpoint) => endpoint switch
    {
        UriEndPoint { Uri: var uri } => Join(uri.Scheme, uri.Host, uri.Port, BasePathOf(endpoint)),
        DnsEndPoint { Host: var host, Port: var port } => Join(_scheme, host, port),
        IPEndPoint { Address: var address, Port: var port } => Join(_scheme, address.ToString(), port),
        _ => null,
    };

    /// <summary>The path that an endpoint has of its own, without a slash at its end; empty for the root.</summary>
    public static string BasePathOf(EndPoint endpoint) => endpoint is UriEndPoint { Uri: var uri } ? uri.AbsolutePath.TrimEnd('/') : string.Empty;

    // A provider that knows no port leaves it to the name, and the name to the scheme.
    private Uri Join(string scheme, string host, int port, string basePath = "") =>
        new UriBuilder(scheme, host, port > 0 ? port : _name.IsDefaultPort ? -1 : _name.Port, basePath + _name.AbsolutePath).Uri;
}
