using GatewayKit.Throttling;
using GatewayKit.Throttling.Concurrency;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Limits how many requests of one caller are in flight at endpoints.</summary>
public static class ConcurrencyEndpointConventionBuilderExtensions
{
    private static readonly ConcurrencyPolicyValidator Validator = new();

    /// <summary>Limits how many requests of one caller are in flight at these endpoints at once.</summary>
    /// <param name="builder">The endpoints; each counts for itself.</param>
    /// <param name="maxInFlight">How many, 1 to 1,000,000.</param>
    /// <param name="partition">Whose requests count together. Default <see cref="ThrottlePartition.ClientAddress"/>.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithConcurrencyLimit<TBuilder>(this TBuilder builder, int maxInFlight, ThrottlePartition? partition = null)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithConcurrencyLimit(new ConcurrencyPolicy { MaxInFlight = maxInFlight, Partition = partition ?? ThrottlePartition.ClientAddress });

    /// <summary>Limits how many requests of one caller are in flight at these endpoints at once.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">The limit. It overrides one with the same partition that a group or the defaults set, and adds to others.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithConcurrencyLimit<TBuilder>(this TBuilder builder, ConcurrencyPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
