using GatewayKit.Identity.Cors;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Says which pages of other origins may call endpoints from a browser. It is the gateway's own; <c>RequireCors</c> is the framework's, and an endpoint has one or the other.</summary>
public static class GatewayCorsEndpointConventionBuilderExtensions
{
    private static readonly GatewayCorsPolicyValidator Validator = new();

    /// <summary>Says which pages of other origins may call these endpoints from a browser, without credentials.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="origins">The origins, such as <c>https://app.example.com</c>, or <c>*</c>.</param>
    /// <exception cref="OptionsValidationException">One is no origin.</exception>
    public static TBuilder WithCors<TBuilder>(this TBuilder builder, params IReadOnlyList<string> origins)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithCors(new GatewayCorsPolicy { Origins = origins });

    /// <summary>Says which pages of other origins may call these endpoints from a browser.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">Which, and what they may read. It overrides what a group or the defaults say.</param>
    /// <exception cref="OptionsValidationException">A setting is not valid.</exception>
    public static TBuilder WithCors<TBuilder>(this TBuilder builder, GatewayCorsPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
