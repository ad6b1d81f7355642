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
}
