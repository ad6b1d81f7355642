using GatewayKit.Resilience.Bulkheads;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Limits how many requests are in flight at endpoints.</summary>
public static class BulkheadsEndpointConventionBuilderExtensions
{
    private static readonly BulkheadPolicyValidator Validator = new();

    /// <summary>Limits how many requests are in flight at these endpoints at once.</summary>
    /// <param name="builder">The endpoints; each has places of its own.</param>
    /// <param name="maxInFlight">How many, 1 to 1,000,000.</param>
    /// <param name="queue">How many more may wait up to 100 ms, 0 to 1,000,000. Default 0.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithBulkhead<TBuilder>(this TBuilder builder, int maxInFlight, int queue = 0)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithBulkhead(new BulkheadPolicy { MaxInFlight = maxInFlight, Queue = queue });

    /// <summary>Limits how many requests are in flight at these endpoints at once.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">The limit. It overrides one with the same name that a group or the defaults set, and adds to others.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithBulkhead<TBuilder>(this TBuilder builder, BulkheadPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);

    /// <summary>
    /// Lets no more requests be in flight at these endpoints than they can answer as fast as they do when they are well. It is a bulkhead whose number of
    /// places moves, and overrides one that a group or the defaults set.
    /// </summary>
    /// <param name="builder">The endpoints; each has places of its own.</param>
    /// <param name="settings">How the number moves. Default: between 2 and 1,000.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithAdaptiveConcurrency<TBuilder>(this TBuilder builder, AdaptiveLimit? settings = null)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithBulkhead(new BulkheadPolicy { MaxInFlight = (settings ??= new()).Max, Adaptive = settings });
}
