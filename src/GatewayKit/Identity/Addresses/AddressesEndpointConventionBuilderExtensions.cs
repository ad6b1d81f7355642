using GatewayKit.Identity.Addresses;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Says from which addresses requests to endpoints may come.</summary>
public static class AddressesEndpointConventionBuilderExtensions
{
    private static readonly AddressPolicyValidator Validator = new();

    /// <summary>Says from which addresses requests to these endpoints may come.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">Which. It overrides what a group or the defaults say.</param>
    /// <exception cref="OptionsValidationException">A setting is not valid. Files are read at the start of the host, which they keep from starting.</exception>
    public static TBuilder WithAddresses<TBuilder>(this TBuilder builder, AddressPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
