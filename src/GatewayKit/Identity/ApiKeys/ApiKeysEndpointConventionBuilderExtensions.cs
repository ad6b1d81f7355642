using GatewayKit.Identity.ApiKeys;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Asks callers of endpoints for API keys.</summary>
public static class ApiKeysEndpointConventionBuilderExtensions
{
    private static readonly ApiKeyPolicyValidator Validator = new();

    /// <summary>Requires an API key at these endpoints.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="scopes">What the key has to be granted, all of it. None: any key will do.</param>
    /// <exception cref="OptionsValidationException">A scope is not written as scopes are.</exception>
    public static TBuilder RequireApiKey<TBuilder>(this TBuilder builder, params string[] scopes)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireApiKey(new ApiKeyPolicy { Scopes = scopes });

    /// <summary>Requires an API key at these endpoints.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">Where the key is, and what it has to be granted. It overrides what a group or the defaults say.</param>
    /// <exception cref="OptionsValidationException">A setting is not valid.</exception>
    public static TBuilder RequireApiKey<TBuilder>(this TBuilder builder, ApiKeyPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
