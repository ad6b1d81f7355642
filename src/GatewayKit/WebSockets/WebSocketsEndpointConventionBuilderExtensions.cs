using GatewayKit.WebSockets;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Says which WebSockets endpoints take.</summary>
public static class WebSocketsEndpointConventionBuilderExtensions
{
    private static readonly WebSocketPolicyValidator Validator = new();

    /// <summary>Says which WebSockets these endpoints take.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">Origins and limits. It overrides what a group or the defaults say.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithWebSockets<TBuilder>(this TBuilder builder, WebSocketPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
