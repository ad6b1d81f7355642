using GatewayKit.Identity.Certificates;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Asks callers of endpoints for client certificates.</summary>
public static class CertificatesEndpointConventionBuilderExtensions
{
    private static readonly CertificatePolicyValidator Validator = new();

    /// <summary>Requires a client certificate at these endpoints. The server has to ask clients for one: see <see cref="CertificatePolicy"/>.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">Which certificates. It overrides what a group or the defaults say. Default: those that consumers are registered with by their hash.</param>
    /// <exception cref="OptionsValidationException">A setting is not valid. Files are read at the start of the host, which they keep from starting.</exception>
    public static TBuilder RequireClientCertificate<TBuilder>(this TBuilder builder, CertificatePolicy? policy = null)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy ?? new(), Validator);
}
