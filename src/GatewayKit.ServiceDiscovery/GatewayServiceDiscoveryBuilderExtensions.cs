using GatewayKit.ServiceDiscovery;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.ServiceDiscovery;

namespace GatewayKit;

/// <summary>Adds the service discovery of .NET to a gateway.</summary>
public static class GatewayServiceDiscoveryBuilderExtensions
{
    /// <summary>
    /// Adds the destination source <c>ServiceDiscovery</c>: clusters find their destinations by names such as <c>https+http://orders</c>. Names are
    /// looked up by the providers of the host; where there are none, in the section <c>Services</c> of the configuration, and names that are not
    /// there are taken as host names. Calling it again is harmless.
    /// </summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    public static GatewayBuilder AddServiceDiscovery(this GatewayBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);

        // Whoever has chosen providers has chosen against the usual ones.
        if (builder.Services.Any(static service => service.ServiceType == typeof(IServiceEndpointProviderFactory)))
        {
            builder.Services.AddServiceDiscoveryCore();
        }
        else
        {
            builder.Services.AddServiceDiscovery();
        }

        return builder.AddDestinationSource<ServiceDiscoverySource>("ServiceDiscovery");
    }
}
