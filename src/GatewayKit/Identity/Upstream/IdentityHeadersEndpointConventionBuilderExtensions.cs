using GatewayKit.Identity.Upstream;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Tells destinations who is calling.</summary>
public static class IdentityHeadersEndpointConventionBuilderExtensions
{
    private static readonly IdentityHeadersPolicyValidator Validator = new();

    /// <summary>Tells the destinations of these endpoints who is calling, and removes what clients say of it.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">In which headers. Default: <c>X-GW-Consumer</c> and its like.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithIdentityHeaders<TBuilder>(this TBuilder builder, IdentityHeadersPolicy? policy = null)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy ?? new(), Validator);
}
