using GatewayKit.Throttling;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Throttles endpoints.</summary>
public static class ThrottlingEndpointConventionBuilderExtensions
{
    private static readonly ThrottlePolicyValidator Validator = new();

    /// <summary>Limits how fast requests of one client address may arrive at these endpoints.</summary>
    /// <param name="builder">The endpoints; each has an allowance of its own.</param>
    /// <param name="requestsPerSecond">Sustained rate in requests per second, 0.001 to 1,000,000.</param>
    /// <param name="burst">Requests accepted at once after an idle spell, 1 to 1,000,000,000. Default <see cref="ThrottlePolicy.Burst"/>'s.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithThrottling<TBuilder>(this TBuilder builder, double requestsPerSecond, int? burst = null)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithThrottling(new() { RequestsPerSecond = requestsPerSecond, Burst = burst });

    /// <summary>Limits how many requests of one client address may arrive at these endpoints in a window of time.</summary>
    /// <param name="builder">The endpoints; each has an allowance of its own.</param>
    /// <param name="limit">Requests in each window, 1 to 1,000,000,000.</param>
    /// <param name="window">The window, 1 s to 365 days.</param>
    /// <param name="burst">Requests accepted at once after an idle spell, 1 to 1,000,000,000. Default <see cref="ThrottlePolicy.Burst"/>'s.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithThrottling<TBuilder>(this TBuilder builder, int limit, TimeSpan window, int? burst = null)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithThrottling(new() { Limit = limit, Window = window, Burst = burst });

    /// <summary>Limits how fast requests may arrive at these endpoints.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">The limit. It overrides one with the same partition, window and kind of cost that a group or the defaults set, and adds to others.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithThrottling<TBuilder>(this TBuilder builder, ThrottlePolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
