using GatewayKit.Auditing;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Records requests at endpoints.</summary>
public static class AuditingEndpointConventionBuilderExtensions
{
    private static readonly AuditPolicyValidator Validator = new();

    /// <summary>Records each request at these endpoints in the journal: <see cref="AuditDelivery.Guaranteed"/>.</summary>
    /// <param name="builder">The endpoints.</param>
    public static TBuilder WithAuditing<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithAuditing(new AuditPolicy());

    /// <summary>Records each request at these endpoints in the journal.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="delivery">When a request may go on.</param>
    public static TBuilder WithAuditing<TBuilder>(this TBuilder builder, AuditDelivery delivery)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithAuditing(new AuditPolicy { Delivery = delivery });

    /// <summary>Records each request at these endpoints in the journal.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">What is recorded, and how. It overrides that of a group or the defaults.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithAuditing<TBuilder>(this TBuilder builder, AuditPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
