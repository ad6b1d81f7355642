using GatewayKit.Identity.RequestSignatures;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Asks callers of endpoints for signed requests.</summary>
public static class SignaturesEndpointConventionBuilderExtensions
{
    private static readonly SignaturePolicyValidator Validator = new();

    /// <summary>Requires requests to these endpoints to be signed with a key of a consumer.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">How. It overrides what a group or the defaults say. Default: as a new one says.</param>
    /// <exception cref="OptionsValidationException">A setting is not valid.</exception>
    public static TBuilder RequireSignature<TBuilder>(this TBuilder builder, SignaturePolicy? policy = null)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy ?? new(), Validator);
}
